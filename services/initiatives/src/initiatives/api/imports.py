"""Imports over HTTP: the same commands, many at a time, for other systems and operators."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from dorpsplein.fields import Body, Cents, Code, Latitude, Line, Longitude, Prose
from dorpsplein.identity import Caller, pseudonym
from dorpsplein.web import Db, Now, permitted
from initiatives.api import views
from initiatives.api.settings import Configured
from initiatives.commands import imports as commands
from initiatives.commands.imports import Item
from initiatives.commands.supports import wish
from initiatives.domain.initiative import Content, Spot
from initiatives.domain.support import By
from initiatives.permissions import PERMISSIONS

MOST_INITIATIVES = 500
MOST_SUPPORTS = 2_000

router = APIRouter(tags=["imports"])


class InitiativeItem(Body, strict=True):
    """An initiative under the reference it has in its source."""

    reference: Line
    title: Line
    summary: Prose
    theme: Code
    neighbourhood: Code | None = None
    means_needed_cents: Cents | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    @model_validator(mode="after")
    def _whole_place(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise PydanticCustomError("half_a_place", "send both latitude and longitude, or neither")
        return self

    def item(self) -> Item:
        """The item as the command takes it."""
        place = None
        if self.latitude is not None and self.longitude is not None:
            place = Spot(self.latitude, self.longitude)
        return Item(
            self.reference,
            Content(self.title, self.summary, self.theme, place, self.means_needed_cents or 0, self.neighbourhood),
        )


class InitiativeImport(Body):
    """Initiatives of one source."""

    source: Code
    items: Annotated[list[InitiativeItem], Field(min_length=1, max_length=MOST_INITIATIVES)]


class SupportItem(Body):
    """A support by somebody the source knows under a reference."""

    initiative_id: UUID
    supporter_reference: Line


class SupportImport(Body):
    """Supports of one source."""

    source: Code
    items: Annotated[list[SupportItem], Field(min_length=1, max_length=MOST_SUPPORTS)]


@router.post("/initiatives/bulk", responses={200: {"model": views.imports.ImportedInitiatives}})
async def import_initiatives(
    sent: InitiativeImport,
    caller: Annotated[Caller, permitted(PERMISSIONS["import_initiatives"])],
    db: Db,
    now: Now,
    settings: Configured,
) -> Response:
    """Bring in initiatives; all or none, and the same again changes nothing."""
    items = [item.item() for item in sent.items]
    async with db.transaction() as tx:
        answers = await commands.import_initiatives(
            tx, sent.source, items, initiator=caller.id, threshold=settings.support_threshold, now=now
        )
    return JSONResponse({"items": answers})


@router.post("/supports/bulk", responses={200: {"model": views.imports.ImportedSupports}})
async def import_supports(
    sent: SupportImport,
    _: Annotated[Caller, permitted(PERMISSIONS["import_supports"])],
    db: Db,
    now: Now,
    settings: Configured,
) -> Response:
    """Bring in supports; all or none, and the same again changes nothing. Supporters become pseudonyms here."""
    secret, issuer = settings.pseudonym_secret.get_secret_value(), f"import:{sent.source}"
    wishes = [
        wish(
            secret,
            item.initiative_id,
            pseudonym(secret, issuer, item.supporter_reference),
            gives=True,
            now=now,
            by=By("import"),
        )
        for item in sent.items
    ]
    async with db.transaction() as tx:
        return JSONResponse(await commands.import_supports(tx, wishes))
