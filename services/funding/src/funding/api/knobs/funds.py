"""The registry, the values in effect in a fund, and the bounds its council set."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from dorpsplein.database import Transaction
from dorpsplein.fields import BIGINT, Body, View
from dorpsplein.identity import Caller
from dorpsplein.web import MOST_PAGE, Db, Now, OnlyOnce, answer_once, found, permitted
from funding import commands, storage
from funding.api.knobs.fields import KnobBounds, pairs
from funding.domain.knobs import REGISTRY, Knob, Value, rule_version, valuation_version
from funding.domain.knobs.values import Bounds, KnobSet, bounds_of
from funding.permissions import PERMISSIONS

router = APIRouter()


class StepView(View):
    """The most one change may move a knob: `by` so much, to so many `times`, or so of the `quotient` of two."""

    kind: str
    size: int


class KnobView(View):
    """A knob of the registry. A number has `least` and `most`, a choice `choices`; without `rules` all use it."""

    name: str
    unit: str
    says: str
    knob_class: str
    default: Value
    least: int | None
    most: int | None
    step: StepView | None
    choices: list[str]
    rules: list[str]


class BoundsView(View):
    """From least to most, both allowed."""

    least: int
    most: int


class KnobValueView(View):
    """A knob's value in effect, with the bounds that hold for it in this fund; a choice has none."""

    name: str
    value: Value
    unit: str
    knob_class: str
    bounds: BoundsView | None


class KnobSetView(View):
    """Values that came into effect together; `turned` is what differed from the set before."""

    number: int
    effective_at: datetime
    change_id: UUID | None
    rule_version: str
    valuation_version: str
    turned: dict[str, Value]


class FundKnobsView(View):
    """The values in effect in a fund, those its rule uses, and how they came to be, newest first."""

    fund_id: UUID
    number: int
    effective_at: datetime
    rule: str
    rule_version: str
    valuation_version: str
    values: list[KnobValueView]
    history: list[KnobSetView]


class KnobBoundsBody(Body):
    """Bounds by knob, each within the registry's."""

    bounds: Annotated[KnobBounds, Field(min_length=1)]


class KnobBoundsView(View):
    """The bounds a council set for a fund's knobs."""

    fund_id: UUID
    bounds: dict[str, BoundsView]


def bounds_shown(bounds: Bounds) -> dict[str, BoundsView]:
    """Bounds as they are shown."""
    return {name: BoundsView(least=least, most=most) for name, (least, most) in bounds.items()}


@router.get("/knobs")
async def list_knobs() -> list[KnobView]:
    """Every knob there is, with its bounds, step and class."""
    return [_registered(knob) for knob in REGISTRY.values()]


def _registered(knob: Knob) -> KnobView:
    return KnobView(
        name=knob.name,
        unit=knob.unit,
        says=knob.says,
        knob_class=knob.knob_class,
        default=knob.default,
        least=None if knob.choices else knob.least,
        most=None if knob.choices else knob.most,
        step=StepView(kind=knob.step.kind, size=knob.step.size) if knob.step else None,
        choices=list(knob.choices),
        rules=list(knob.rules),
    )


@router.get("/funds/{fund_id}/knobs")
async def show_fund_knobs(
    db: Db,
    fund_id: UUID,
    before: Annotated[int | None, Query(ge=1, le=BIGINT)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_PAGE)] = 50,
) -> FundKnobsView:
    """The values in effect in a fund, and its history; `before` a number goes further back."""
    async with db.transaction() as tx:
        current: KnobSet = found(await storage.knobs.current(tx, fund_id), "fund", fund_id)
        bounds, _ = await storage.knobs.sets.bounds(tx, fund_id)
        history = await storage.knobs.sets.history(tx, fund_id, before or BIGINT, limit + 1)
    rule = str(current.values["rule"])
    return FundKnobsView(
        fund_id=fund_id,
        number=current.number,
        effective_at=current.effective_at,
        rule=rule,
        rule_version=rule_version(current.values),
        valuation_version=valuation_version(current.values),
        values=[_in_effect(knob, current, bounds) for knob in REGISTRY.values() if knob.used_by(rule)],
        history=[_of_history(one, older) for one, older in zip(history, [*history[1:], None], strict=True)][:limit],
    )


def _in_effect(knob: Knob, current: KnobSet, bounds: Bounds) -> KnobValueView:
    least, most = bounds_of(knob, bounds)
    return KnobValueView(
        name=knob.name,
        value=current.values[knob.name],
        unit=knob.unit,
        knob_class=knob.knob_class,
        bounds=None if knob.choices else BoundsView(least=least, most=most),
    )


def _of_history(one: KnobSet, older: KnobSet | None) -> KnobSetView:
    before = older.values if older else {}
    return KnobSetView(
        number=one.number,
        effective_at=one.effective_at,
        change_id=one.change,
        rule_version=rule_version(one.values),
        valuation_version=valuation_version(one.values),
        turned={name: value for name, value in one.values.items() if older and before[name] != value},
    )


@router.put("/funds/{fund_id}/knob-bounds", response_model=KnobBoundsView)
async def set_knob_bounds(
    caller: Annotated[Caller, permitted(PERMISSIONS["set_knob_bounds"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    fund_id: UUID,
    body: KnobBoundsBody,
) -> JSONResponse:
    """Set the bounds of a fund's knobs, once; afterwards only a change of the constitution moves them."""

    async def run(tx: Transaction) -> dict[str, object]:
        bounds = await commands.knobs.bounds.set_bounds(tx, fund_id, pairs(body.bounds), caller.id, now)
        return KnobBoundsView(fund_id=fund_id, bounds=bounds_shown(bounds)).model_dump(mode="json")

    return await answer_once(db, once, 200, run)
