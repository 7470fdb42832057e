"""The knobs this service goes by. The community turns them in the funding service; here they are only followed."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Knobs:
    """The values in effect."""

    no_show_minutes: int
    request_days: int

    def turned(self, values: Mapping[str, int]) -> "Knobs":
        """These knobs with those the community has turned; knobs of others are passed by."""
        return Knobs(
            values.get("noShowMinutes", self.no_show_minutes),
            values.get("requestDays", self.request_days),
        )
