"""Commands on facilities."""

from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Conflict, Stale
from dorpsplein.web import found
from presence.domain import facilities as domain
from presence.domain.facilities import Facility, WithdrawalReason
from presence.storage import facilities as storage
from presence.storage import places


async def offer_facility(tx: Transaction, facility: Facility) -> Facility:
    """Offer a room or a tool and say so.

    Raises NotFound for an unknown place, Refused("place-closed"), Conflict("facility-code-taken") where the code means
    another facility, also one that was withdrawn.
    """
    place = found(await places.lock(tx, facility.place_id), "place", facility.place_id)
    event = domain.offer(facility, place)
    if not await storage.add(tx, facility, [Fact(event, facility.version), Fact(facility.state, facility.version)]):
        there = await storage.of_code(tx, facility.code)
        detail = f"{facility.code} means another facility, for ever; choose another code."
        raise Conflict("facility-code-taken", detail, facilityId=there)
    return facility


async def change_facility(
    tx: Transaction, facility_id: UUID, version: int, *, name: str, description: str | None, capacity: int | None
) -> Facility:
    """Tell anew what a facility is like, as read at `version`. Its kind and code stand in facts and stay.

    Raises NotFound, Stale("facility-changed"), Refused("facility-withdrawn").
    """
    there: Facility = found(await storage.lock(tx, facility_id), "facility", facility_id)
    if there.version != version:
        detail = f"It is at version {there.version} by now; read it again."
        raise Stale("facility-changed", detail, version=there.version)
    after = domain.change(there, name=name, description=description, capacity=capacity)
    if after.version > there.version:
        await storage.save(tx, [after], [Fact(after.state, after.version)])
    return after


async def withdraw_facility(tx: Transaction, facility_id: UUID, reason: WithdrawalReason) -> Facility:
    """Offer a facility no more and say so. Raises NotFound, Refused("facility-withdrawn")."""
    there: Facility = found(await storage.lock(tx, facility_id), "facility", facility_id)
    [after] = await _withdraw(tx, [there], reason)
    return after


async def withdraw_all(tx: Transaction, place_id: UUID) -> None:
    """Offer nothing of a locked place any more, as it closes."""
    if offered := await storage.lock_offered(tx, place_id):
        await _withdraw(tx, offered, WithdrawalReason.PLACE_CLOSED)


async def _withdraw(tx: Transaction, facilities: list[Facility], reason: WithdrawalReason) -> list[Facility]:
    decided = [domain.withdraw(facility, reason) for facility in facilities]
    facts = [fact for one, event in decided for fact in (Fact(event, one.version), Fact(one.state, one.version))]
    await storage.save(tx, [one for one, _ in decided], facts)
    return [one for one, _ in decided]
