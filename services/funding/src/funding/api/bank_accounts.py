"""Where an initiative is paid: `/initiatives/{id}/bank-account`. Private, and in no event."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from dorpsplein.errors import Refused
from dorpsplein.fields import Body, Line, View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, permitted
from funding import commands
from funding.domain.banking import iban_of
from funding.domain.payouts import Account
from funding.permissions import PERMISSIONS

router = APIRouter(tags=["payouts"])


def _iban(text: str) -> str:
    try:
        return iban_of(text)
    except Refused as no:
        raise PydanticCustomError(
            "iban", "must be the IBAN of an account in the SEPA area; check it for errors"
        ) from no


class AccountBody(Body):
    """Where an initiative is paid: an account in the SEPA area, in the name it stands in."""

    iban: Annotated[str, StringConstraints(max_length=60), AfterValidator(_iban)]
    name: Annotated[Line, StringConstraints(max_length=70, pattern="[A-Za-z0-9]")]


class AccountView(View):
    """A bank account, in full."""

    iban: str
    name: str


@router.put("/initiatives/{initiative_id}/bank-account")
async def set_bank_account(
    caller: Annotated[Caller, permitted(PERMISSIONS["set_bank_account"])],
    db: Db,
    now: Now,
    initiative_id: UUID,
    body: AccountBody,
) -> AccountView:
    """Say where an initiative is paid; its initiator does. It stands here only and never in an event."""
    async with db.transaction() as tx:
        await commands.payouts.set_account(tx, initiative_id, Account(body.iban, body.name), caller, now)
    return AccountView(iban=body.iban, name=body.name)


@router.get("/initiatives/{initiative_id}/bank-account")
async def read_bank_account(
    caller: Annotated[Caller, permitted(PERMISSIONS["read_bank_account"])], db: Db, initiative_id: UUID
) -> AccountView:
    """Where an initiative is paid, for its initiator and those who pay."""
    async with db.transaction() as tx:
        account = await commands.payouts.account(tx, initiative_id, caller)
    return AccountView(iban=account.iban, name=account.name)


@router.delete("/initiatives/{initiative_id}/bank-account", status_code=204)
async def erase_bank_account(
    caller: Annotated[Caller, permitted(PERMISSIONS["erase_bank_account"])], db: Db, initiative_id: UUID
) -> None:
    """Erase where an initiative is paid, also in the files that were made for the bank."""
    async with db.transaction() as tx:
        await commands.payouts.erase_account(tx, initiative_id, caller)
