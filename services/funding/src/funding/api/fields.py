"""Amounts and answers that several routes share."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi.responses import JSONResponse
from pydantic import Field, StrictInt, StringConstraints

from dorpsplein.database import Database, Transaction
from dorpsplein.fields import View
from dorpsplein.idempotency import Once
from dorpsplein.web import answer_once

Amount = Annotated[StrictInt, Field(gt=0, le=10**12)]
"""An amount of one pledge or pot line in cents: at most ten billion euros, so that no sum ever overflows."""
Quantity = Annotated[StrictInt, Field(gt=0, le=10**9)]
"""Minutes or items of one pledge."""
RuleName = Annotated[str, StringConstraints(pattern=r"^[a-z_]+$", max_length=40)]
"""The name of a matching rule, such as `ratio`."""
KnobName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]*$", max_length=60)]
KnobValue = (
    Annotated[StrictInt, Field(ge=-(2**53) + 1, le=2**53 - 1)] | Annotated[str, StringConstraints(max_length=40)]
)
KnobValues = Annotated[dict[KnobName, KnobValue], Field(max_length=100)]
"""Knobs by name: whole numbers within what every JSON reader takes as one, or choices."""

Thing = TypeVar("Thing")


async def answer_made(
    database: Database,
    request: Once,
    command: Callable[[Transaction], Awaitable[tuple[Thing, bool]]],
    view: Callable[[Thing], View],
) -> JSONResponse:
    """Run a command once for its idempotency key: 201 with what it made, 200 where its id was there already."""
    new = True

    async def run(tx: Transaction) -> dict[str, Any]:
        nonlocal new
        thing, new = await command(tx)
        return view(thing).model_dump(mode="json")

    answer = await answer_once(database, request, 201, run)
    if not new:
        answer.status_code = 200
    return answer
