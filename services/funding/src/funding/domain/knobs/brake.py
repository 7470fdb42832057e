"""The emergency brake: two of three roles pause matching in a fund for a while, in public. It changes no value.

After the funding design: community panel, treasurer and municipality; at most 72 hours. The first asks, a second
person in another of the roles pulls. Once it ends it rests for 24 hours, so that no pause ever follows another.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from dorpsplein.contracts.funding.knobs import BrakePulled, BrakeReleased
from dorpsplein.errors import Conflict, Refused
from dorpsplein.identity import Role

ROLES = (Role.PANEL, Role.TREASURER, Role.ALDERMAN)
MOST_HOURS = 72
ASKED_FOR = timedelta(hours=24)
"""How long a first call waits for a second."""
REST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Call:
    """One person, in one role, who wants the brake pulled for some hours, or released."""

    by: UUID
    role: str
    reason: str
    at: datetime
    hours: int = 0


@dataclass(frozen=True, slots=True)
class Brake:
    """A fund's brake. `first` and `second` called for it to be pulled; `release` calls for it to be released."""

    fund: UUID
    version: int = 0
    first: Call | None = None
    second: Call | None = None
    until: datetime | None = None
    release: Call | None = None
    ended_at: datetime | None = None

    def is_pulled(self, now: datetime) -> bool:
        """Whether matching is paused."""
        return self.until is not None and self.ended_at is None and now < self.until


def role_of(roles: Iterable[Role], taken: str | None) -> str:
    """The role someone calls in: one that has not called yet, where they have one."""
    held = [str(role) for role in ROLES if role in set(roles)]
    return next((role for role in held if role != taken), held[0])


def pull(brake: Brake, call: Call) -> tuple[Brake, list[BrakePulled]]:
    """Call for the brake: the first call waits a day, a second by another person in another role pulls.

    It stays pulled for the fewer hours of the two. Raises Conflict("brake-pulled"), ("brake-called-already"), or
    Refused("brake-rests").
    """
    now = call.at
    if brake.is_pulled(now):
        raise Conflict("brake-pulled", f"The brake is pulled until {brake.until:%Y-%m-%dT%H:%MZ}.")
    ended = brake.ended_at or brake.until
    if ended is not None and now < ended + REST:
        raise Refused("brake-rests", f"The brake can be pulled again from {ended + REST:%Y-%m-%dT%H:%MZ}.")
    first = brake.first if ended is None and brake.first and now < brake.first.at + ASKED_FOR else None
    if first is None:
        return Brake(brake.fund, brake.version, first=call), []
    _refuse_same(first, call)
    until = now + timedelta(hours=min(first.hours, call.hours))
    pulled = BrakePulled(fund_id=brake.fund, roles=sorted((first.role, call.role)), until=until)
    return replace(brake, version=brake.version + 1, first=first, second=call, until=until), [pulled]


def release(brake: Brake, call: Call) -> tuple[Brake, list[BrakeReleased]]:
    """Call for an early end: a second such call by another person in another role ends it.

    Raises Refused("brake-not-pulled") and Conflict("brake-called-already").
    """
    if not brake.is_pulled(call.at):
        raise Refused("brake-not-pulled", "The brake of this fund is not pulled.")
    if brake.release is None:
        return replace(brake, release=call), []
    _refuse_same(brake.release, call)
    return _ended(brake, call.at, early=True)


def run_out(brake: Brake, now: datetime) -> tuple[Brake, list[BrakeReleased]]:
    """End a brake whose time is over; nothing where it is not pulled or not yet over."""
    if brake.until is None or brake.ended_at is not None or now < brake.until:
        return brake, []
    return _ended(brake, brake.until, early=False)


def _ended(brake: Brake, at: datetime, *, early: bool) -> tuple[Brake, list[BrakeReleased]]:
    ended = replace(brake, version=brake.version + 1, ended_at=at)
    return ended, [BrakeReleased(fund_id=brake.fund, early=early)]


def _refuse_same(first: Call, second: Call) -> None:
    if first.by == second.by or first.role == second.role:
        raise Conflict("brake-called-already", f"The {first.role} called; now it takes another person and role.")
