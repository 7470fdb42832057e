"""Where someone can be reached: the one place in the system that knows."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import StringConstraints

from dorpsplein.errors import NotFound, Refused
from dorpsplein.fields import Body
from dorpsplein.identity import Caller
from dorpsplein.web import Db, permitted
from notifications.permissions import PERMISSIONS
from notifications.settings import Settings
from notifications.storage import mails

router = APIRouter(tags=["contacts"])

ADDRESS = r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"


class ContactAddress(Body):
    """An e-mail address, in plain ASCII."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=ADDRESS)]


@router.put("/me/address", status_code=204)
async def set_address(
    request: Request, body: ContactAddress, caller: Annotated[Caller, permitted(PERMISSIONS["set-address"])], db: Db
) -> None:
    """Give the address to send what I follow to. It is stored here only and never shown to others."""
    settings = request.app.state.runtime.settings
    assert isinstance(settings, Settings)
    if not settings.has_mail:
        raise Refused("mail-not-set-up", "This municipality sends no mail yet; look at your feed instead.")
    async with db.transaction() as tx:
        await mails.set_address(tx, caller.id, body.email)


@router.get("/me/address")
async def read_address(caller: Annotated[Caller, permitted(PERMISSIONS["read-address"])], db: Db) -> dict[str, Any]:
    """The address I gave."""
    async with db.connection() as connection:
        email = await mails.address(connection, caller.id)
    if email is None:
        raise NotFound("address-unknown", "You gave no address.")
    return {"email": email}


@router.delete("/me/address", status_code=204)
async def remove_address(caller: Annotated[Caller, permitted(PERMISSIONS["remove-address"])], db: Db) -> None:
    """Forget my address; mails that still wait are not sent."""
    async with db.transaction() as tx:
        await mails.remove_address(tx, caller.id)
