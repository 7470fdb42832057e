"""Following: someone wants to hear of an initiative, of a theme, or of what happens around a point."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from uuid import UUID

from dorpsplein.contracts.notifications import FollowStarted, FollowStopped
from dorpsplein.errors import NotFound, Refused

MOST_FOLLOWS = 100
EARTH_METRES = 6_378_168.0
"""The radius PostgreSQL's earthdistance uses, so that both tell the same distance."""


@dataclass(frozen=True, slots=True)
class Initiative:
    """One initiative."""

    id: UUID

    kind = "initiative"

    @property
    def key(self) -> str:
        """What makes two follows of one person the same."""
        return str(self.id)

    @property
    def told(self) -> str:
        """What the public fact says of it."""
        return str(self.id)


@dataclass(frozen=True, slots=True)
class Theme:
    """Everything with a theme."""

    code: str

    kind = "theme"

    @property
    def key(self) -> str:
        """What makes two follows of one person the same."""
        return self.code

    @property
    def told(self) -> str:
        """What the public fact says of it."""
        return self.code


@dataclass(frozen=True, slots=True)
class Radius:
    """Everything within `metres` of a point, which is a place of a person's and stays here."""

    latitude: float
    longitude: float
    metres: int

    kind = "radius"

    @property
    def key(self) -> str:
        """What makes two follows of one person the same: to about a metre."""
        return f"{self.latitude:.5f},{self.longitude:.5f},{self.metres}"

    @property
    def told(self) -> str:
        """What the public fact says of it: its rounded size, never where it lies."""
        return f"{max(100, round(self.metres, -2))} m"

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether a point lies within it, over a round earth."""
        a, b = radians(self.latitude), radians(latitude)
        half = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(longitude - self.longitude) / 2) ** 2
        return 2 * EARTH_METRES * asin(min(1.0, sqrt(half))) <= self.metres


Subject = Initiative | Theme | Radius


@dataclass(frozen=True, slots=True)
class Start:
    """Someone wants to follow a subject; `follow_id` and `stop_key` are for when they do not yet."""

    follow_id: UUID
    stop_key: str
    follower_id: UUID
    subject: Subject


@dataclass(frozen=True, slots=True)
class Stop:
    """Someone has heard enough. They are the follower, or hold the key that every mail carries."""

    follow_id: UUID
    follower_id: UUID | None = None
    stop_key: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when someone wants to follow: how much they follow, and an initiative's status (None: unknown)."""

    follows: int
    status: str | None = None


def start(command: Start, known: Known) -> FollowStarted:
    """Follow a subject.

    Raises NotFound for an unknown initiative, Refused for a withdrawn one and beyond MOST_FOLLOWS.
    """
    match command.subject:
        case Initiative(id=initiative_id) if known.status is None:
            raise NotFound("initiative-unknown", f"There is no initiative {initiative_id}, or not yet.")
        case Initiative() if known.status == "withdrawn":
            raise Refused("initiative-withdrawn", "This initiative was withdrawn; there is nothing more to hear of it.")
    if known.follows >= MOST_FOLLOWS:
        raise Refused("too-many-follows", f"You follow {MOST_FOLLOWS} subjects already; stop one first.")
    return FollowStarted(
        follow_id=command.follow_id,
        follower_id=command.follower_id,
        subject_kind=command.subject.kind,
        subject=command.subject.told,
    )


def stop(follow_id: UUID, follower_id: UUID) -> FollowStopped:
    """Stop following."""
    return FollowStopped(follow_id=follow_id, follower_id=follower_id)
