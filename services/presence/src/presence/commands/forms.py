"""Commands on the catalogue of working forms."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Conflict
from dorpsplein.web import found
from presence.domain import forms as domain
from presence.domain.forms import Form, FormFact
from presence.storage import forms as storage

FORM_UNTOLD = "working-form-untold"
"""The kind of the timers that the migration sets for the forms that come with the service."""


async def add_form(tx: Transaction, form: Form) -> Form:
    """Add a form and say so. Raises Conflict("working-form-is-there") where its code is taken, and Refused."""
    if not await storage.add(tx, form, _first(form)):
        there = await storage.id_of(tx, form.code)
        raise Conflict("working-form-is-there", "A working form of this code is there already.", formId=there)
    return form


async def change_form(tx: Transaction, form_id: UUID, decide: Callable[[Form], tuple[Form, FormFact | None]]) -> Form:
    """Describe a form otherwise or retire it, as `decide` of the domain rules. Raises NotFound, Stale, Refused."""
    form: Form = found(await storage.lock(tx, form_id), "working-form", form_id)
    after, event = decide(form)
    if event is None:
        return form
    before = [] if form.announced else _first(form)
    now = [Fact(event, after.version), Fact(domain.state_of(after), after.version)]
    await storage.save(tx, after, [*before, *now])
    return after


async def tell_untold(tx: Transaction, form_ids: Sequence[UUID], _: datetime) -> None:
    """The handler of the timers that tell others of forms that came with the service, unless somebody did before."""
    forms = await storage.lock_untold(tx, form_ids)
    await storage.told(tx, forms, [fact for form in forms for fact in _first(form)])


async def refuse_unusable(tx: Transaction, code: str) -> None:
    """Refuse a form that no new session can take. Raises Refused("working-form-unknown" or "working-form-retired")."""
    domain.refuse_unusable(code, await storage.status_of(tx, code))


def _first(form: Form) -> list[Fact]:
    return [Fact(domain.add(form), form.version), Fact(domain.state_of(form), form.version)]
