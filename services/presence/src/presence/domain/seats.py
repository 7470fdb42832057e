"""Seats of a session: somebody's, or without a name, held by a code. Where none is free, one can wait for one.

Nobody's seat is ever told to anyone but themselves and the host: no fact names it.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from dorpsplein.errors import Forbidden, Refused
from presence.domain.moves import led_to
from presence.domain.sessions import Session, only_its_host

CODE_BYTES = 20
"""How many random bytes a seat code stands for."""
GROUP = 4


class SeatStatus(StrEnum):
    """Where a seat is in its life."""

    WAITING = "waiting"
    TAKEN = "taken"
    CHECKED_IN = "checked-in"
    GIVEN_UP = "given-up"
    NO_SHOW = "no-show"


class SeatRole(StrEnum):
    """What somebody is at a session."""

    HOST = "host"
    SCRIBE = "scribe"
    INSPIRATOR = "inspirator"
    PARTICIPANT = "participant"


MOVES: Mapping[str, tuple[frozenset[SeatStatus], SeatStatus]] = {
    "move up": (frozenset({SeatStatus.WAITING}), SeatStatus.TAKEN),
    "check in": (frozenset({SeatStatus.TAKEN, SeatStatus.NO_SHOW}), SeatStatus.CHECKED_IN),
    "give up": (frozenset({SeatStatus.WAITING, SeatStatus.TAKEN}), SeatStatus.GIVEN_UP),
    "miss": (frozenset({SeatStatus.TAKEN}), SeatStatus.NO_SHOW),
}
"""What may become of a seat, from which statuses, and where it leads. A walk-in's is checked in from the start."""
OCCUPIED = frozenset({SeatStatus.TAKEN, SeatStatus.CHECKED_IN})
"""These take up room."""
HELD = OCCUPIED | {SeatStatus.WAITING}
"""Who has one of these counts on it; a person has at most one of them a session."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat, or a place on the waiting list; `number` is the order in which they were asked for.

    `person_id` and `code_hash` (of who gave no name) are both None a month after the session.
    """

    id: UUID
    session_id: UUID
    number: int
    person_id: UUID | None = None
    code_hash: bytes | None = None
    status: SeatStatus = SeatStatus.TAKEN
    role: SeatRole = SeatRole.PARTICIPANT

    @property
    def waits(self) -> bool:
        """Whether it is a place on the waiting list."""
        return self.status is SeatStatus.WAITING


@dataclass(frozen=True, slots=True)
class Holder:
    """Who says that a seat is theirs: a person, or who shows the code of a seat without a name."""

    person_id: UUID | None = None
    code_hash: bytes | None = None

    def holds(self, seat: Seat) -> bool:
        """Tell whether a seat is theirs."""
        if seat.code_hash is not None:
            return self.code_hash is not None and hmac.compare_digest(seat.code_hash, self.code_hash)
        return seat.person_id is not None and seat.person_id == self.person_id


NOBODY = Holder()


def moved(seat: Seat, verb: str) -> Seat:
    """The seat after a move. Raises Refused("illegal-seat-<verb>") from where it cannot be made."""
    return replace(seat, status=led_to(MOVES, verb, seat.status, "seat"))


def only_its_holder(seat: Seat, holder: Holder) -> None:
    """Raises Forbidden("not-your-seat") for anyone but whose seat it is."""
    if not holder.holds(seat):
        raise Forbidden("not-your-seat", "Only whose seat this is may do this: log in as them, or send its code.")


def give_role(session: Session, seat: Seat, role: SeatRole, person: UUID) -> Seat:
    """Ask somebody who has a seat to be more than a participant.

    Raises Forbidden("not-your-session"), Refused("host-stays-host", "seat-not-held" or "seat-without-name").
    """
    only_its_host(session, person)
    if SeatRole.HOST in (seat.role, role):
        raise Refused("host-stays-host", "A session has one host: who announced it.")
    if seat.status not in HELD:
        raise Refused("seat-not-held", f"This needs somebody who holds a seat; this one is {seat.status}.")
    if seat.person_id is None and role is not SeatRole.PARTICIPANT:
        raise Refused("seat-without-name", "This seat has no name: who holds it can only take part.")
    return replace(seat, role=role)


def code_of(random: bytes) -> str:
    """A seat code as somebody writes it down: base32 (RFC 4648) in groups of four."""
    letters = base64.b32encode(random).decode().rstrip("=")
    return "-".join(letters[at : at + GROUP] for at in range(0, len(letters), GROUP))


def hash_of(code: str) -> bytes:
    """The SHA-256 of a seat code, however its groups and capitals were typed: all that is kept of it."""
    return hashlib.sha256("".join(code.split()).replace("-", "").upper().encode()).digest()
