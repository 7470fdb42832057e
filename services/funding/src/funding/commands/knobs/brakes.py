"""Pull and release a fund's emergency brake."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.funding.knobs import BrakePulled, BrakeReleased
from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.identity import Caller
from dorpsplein.timers import cancel_timers, set_timers
from dorpsplein.web import found
from funding import storage
from funding.domain.knobs import brake as brakes
from funding.domain.knobs.brake import Brake, Call

BRAKE_ENDS = "brake-ends"
"""The timer of a pulled brake, by fund."""


async def pull(tx: Transaction, fund_id: UUID, caller: Caller, reason: str, hours: int, now: datetime) -> Brake:
    """Call for the brake; a second call pauses matching in the fund and its open rounds. Raises what is refused."""
    brake = await _brake(tx, fund_id, now)
    role = brakes.role_of(caller.roles, brake.first.role if brake.first else None)
    after, told = brakes.pull(brake, Call(caller.id, role, reason, now, hours))
    await _keep(tx, after, told)
    if told:
        assert after.until is not None
        await storage.knobs.brakes.pause(tx, fund_id, after.until)
        await set_timers(tx, BRAKE_ENDS, {fund_id: after.until})
    return after


async def release(tx: Transaction, fund_id: UUID, caller: Caller, reason: str, now: datetime) -> Brake:
    """Call for an early end; a second call lets matching go on. Raises what is refused."""
    brake = await _brake(tx, fund_id, now)
    role = brakes.role_of(caller.roles, brake.release.role if brake.release else None)
    after, told = brakes.release(brake, Call(caller.id, role, reason, now))
    await _keep(tx, after, told)
    if told:
        await _let_go(tx, fund_id)
    return after


async def brake_ends(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
    """The handler of brakes' timers."""
    for fund_id in sorted(refs):
        await _brake(tx, fund_id, now)


async def _brake(tx: Transaction, fund_id: UUID, now: datetime) -> Brake:
    """A fund's brake, locked; one whose time is over has ended. Raises NotFound."""
    found(await storage.knobs.sets.lock_fund(tx, fund_id) or None, "fund", fund_id)
    after, told = brakes.run_out(await storage.knobs.brakes.brake(tx, fund_id), now)
    if told:
        await _keep(tx, after, told)
        await _let_go(tx, fund_id)
    return after


async def _keep(tx: Transaction, brake: Brake, told: Sequence[BrakePulled | BrakeReleased]) -> None:
    await storage.knobs.brakes.save(tx, brake, [Fact(event, brake.version) for event in told])


async def _let_go(tx: Transaction, fund_id: UUID) -> None:
    await storage.knobs.brakes.pause(tx, fund_id, None)
    await cancel_timers(tx, BRAKE_ENDS, [fund_id])
