"""The catalogue of working forms over HTTP."""

from functools import partial
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AfterValidator, Field, StrictInt, StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.fields import Body, Code, Line, Prose, View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, IfMatch, OnlyOnce, answer_once, etag, found, permitted
from presence.api.lists import Limit, after_id, each_once, listed
from presence.commands import forms as commands
from presence.domain import forms as domain
from presence.domain.forms import Description, Form, FormStatus
from presence.permissions import PERMISSIONS
from presence.storage import forms as storage

router = APIRouter(tags=["working forms"])

Minutes = Annotated[int, Field(ge=5, le=1_440)]
People = Annotated[int, Field(ge=1, le=1_000)]


class FormBody(Body):
    """A way to work together: what for, for how many people, how long as a rule (minutes), with what."""

    name: Line
    name_en: Line | None = None
    what_for: Annotated[Prose, StringConstraints(max_length=1_000)]
    minutes: Annotated[StrictInt, Field(ge=5, le=1_440)]
    least_people: Annotated[StrictInt, Field(ge=1, le=1_000)]
    most_people: Annotated[StrictInt, Field(ge=1, le=1_000)]
    materials: Annotated[list[Line], Field(max_length=20, default_factory=list), AfterValidator(each_once)]

    @property
    def description(self) -> Description:
        """What is said in it."""
        return Description(
            name=self.name,
            what_for=self.what_for,
            minutes=self.minutes,
            least_people=self.least_people,
            most_people=self.most_people,
            name_en=self.name_en,
            materials=tuple(self.materials),
        )


class NewForm(FormBody):
    """A new way to work together; sessions name it by its code, which stays."""

    code: Code


class FormView(View):
    """A working form."""

    id: UUID
    code: str
    name: str
    name_en: str | None
    what_for: str
    minutes: int
    least_people: int
    most_people: int
    materials: list[str]
    status: FormStatus
    version: int

    @classmethod
    def of(cls, form: Form) -> Self:
        """The view of a form."""
        described = form.description
        return cls(
            id=form.id,
            code=form.code,
            name=described.name,
            name_en=described.name_en,
            what_for=described.what_for,
            minutes=described.minutes,
            least_people=described.least_people,
            most_people=described.most_people,
            materials=list(described.materials),
            status=form.status,
            version=form.version,
        )


@router.post("/working-forms", status_code=201, response_model=FormView)
async def add_working_form(
    _: Annotated[Caller, permitted(PERMISSIONS["add_working_form"])], db: Db, request_once: OnlyOnce, body: NewForm
) -> Response:
    """Add a way to work together. 409 where its code is taken."""
    form = Form(uuid7(), body.code, body.description)

    async def command(tx: Transaction) -> dict[str, Any]:
        view = FormView.of(await commands.add_form(tx, form))
        return {**view.model_dump(mode="json"), "location": f"/v1/working-forms/{view.id}"}

    return await answer_once(db, request_once, 201, command)


@router.put("/working-forms/{form_id}", response_model=FormView)
async def change_working_form(
    _: Annotated[Caller, permitted(PERMISSIONS["change_working_form"])],
    db: Db,
    version: IfMatch,
    request_once: OnlyOnce,
    form_id: UUID,
    body: FormBody,
) -> Response:
    """Describe it otherwise, all of it. 412 where it changed since it was read."""
    decide = partial(domain.change, description=body.description, version=version)

    async def command(tx: Transaction) -> dict[str, Any]:
        return FormView.of(await commands.change_form(tx, form_id, decide)).model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)


@router.post("/working-forms/{form_id}/retirement", response_model=FormView)
async def retire_working_form(
    _: Annotated[Caller, permitted(PERMISSIONS["retire_working_form"])],
    db: Db,
    request_once: OnlyOnce,
    form_id: UUID,
) -> Response:
    """Let no new session take it; those that have it keep it."""

    async def command(tx: Transaction) -> dict[str, Any]:
        return FormView.of(await commands.change_form(tx, form_id, domain.retire)).model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)


@router.get("/working-forms")
async def list_working_forms(
    request: Request,
    db: Db,
    people: Annotated[People | None, Query(description="Those for a group of so many people.")] = None,
    minutes: Annotated[Minutes | None, Query(description="Those that take at most so many minutes.")] = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Working forms that sessions can take, by name."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.by_name(tx, people=people, minutes=minutes, after=after, limit=limit + 1)
    return listed(request, rows, limit, lambda row: FormView.of(storage.form_of(row)))


@router.get("/working-forms/{form_id}", response_model=FormView)
async def read_working_form(db: Db, form_id: UUID) -> Response:
    """One working form, also a retired one."""
    async with db.transaction() as tx:
        view = FormView.of(found(await storage.one(tx, form_id), "working-form", form_id))
    return JSONResponse(view.model_dump(mode="json"), headers={"ETag": etag(view.version)})
