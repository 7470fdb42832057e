"""The knobs this service goes by. The community turns them in the funding service; here they are only followed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from pydantic.alias_generators import to_camel

from initiatives.domain.initiative import Terms


@dataclass(frozen=True, slots=True)
class Knobs:
    """The values in effect, as people and days; `number` is that of their set, None before anybody turned one."""

    support_threshold: int
    support_days: int
    reminder_days: int
    merge_window_days: int
    number: int | None = None

    def turned(self, number: int, values: Mapping[str, int]) -> "Knobs":
        """These knobs with those the community has turned; knobs of others are passed by."""
        names = {to_camel(field.name): field.name for field in fields(self) if field.name != "number"}
        after = {names[name]: value for name, value in values.items() if name in names}
        return replace(self, number=number, **after)

    def terms(self, now: datetime) -> Terms:
        """What holds for an initiative that is proposed now."""
        closes_at = now + timedelta(days=self.support_days)
        return Terms(self.support_threshold, closes_at, self.number, self.reminder_days)
