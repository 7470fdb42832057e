"""What can be promised: euros, hours of a skill, slots of a facility, items of a material; never added up."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dorpsplein.errors import Refused
from funding.domain.ledger import EUR

LONGEST_SLOT = timedelta(days=31)
FARTHEST_SLOT = timedelta(days=3653)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """The time a facility is promised for: from, until (not included)."""

    starts_at: datetime
    ends_at: datetime

    @property
    def minutes(self) -> int:
        """How long it is: whole minutes, at least one, at most 31 days. Raises Refused("slot-not-valid")."""
        long = self.ends_at - self.starts_at
        if not MINUTE <= long <= LONGEST_SLOT or long % MINUTE:
            raise Refused("slot-not-valid", "A slot ends after it starts, within 31 days, in whole minutes.")
        return long // MINUTE

    def refuse_far(self, now: datetime) -> None:
        """Raises Refused("slot-not-valid") for a slot that is over, or further away than ten years."""
        if self.ends_at <= now or self.starts_at > now + FARTHEST_SLOT:
            raise Refused("slot-not-valid", "A slot is not over yet, and begins within ten years.")


def time(skill: str) -> str:
    """Minutes of a skill, by its code."""
    return f"TIME/{skill}"


def slot(facility: str) -> str:
    """Minutes of a facility, by its code."""
    return f"SLOT/{facility}"


def material(item: str) -> str:
    """Items of a material, by its code."""
    return f"MAT/{item}"


def facility_of(resource: str) -> str | None:
    """The facility, where the resource is one."""
    return resource.removeprefix("SLOT/") if resource.startswith("SLOT/") else None


def refuse_withdrawn(resource: str, withdrawn: Set[str]) -> None:
    """Raises Refused("facility-withdrawn") for a facility that is among these."""
    if (facility := facility_of(resource)) in withdrawn:
        raise Refused("facility-withdrawn", f"{facility} is offered no more; look for another facility.")


@dataclass(frozen=True, slots=True)
class Valuation:
    """What an hour of work or of a facility counts for in a match, in cents, and whether evidence is asked for.

    It never adds hours to euros: it only says how large a match in euros may follow.
    """

    hour_cents: int = 0
    slot_hour_cents: int = 0
    evidence: bool = False

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Valuation":
        """The valuation that knob values hold."""
        return cls(
            int(values.get("valuationHourCents", 0)),
            int(values.get("valuationSlotHourCents", 0)),
            bool(values.get("valuationEvidence", 0)),
        )

    def cents(self, resource: str, quantity: int) -> int:
        """What so much of a resource counts for in a match, rounded down; a material counts for nothing."""
        if resource == EUR:
            return quantity
        an_hour = {"TIME": self.hour_cents, "SLOT": self.slot_hour_cents}.get(resource.split("/")[0], 0)
        return quantity * an_hour // 60
