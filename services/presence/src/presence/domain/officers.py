"""What officers say of themselves: what they do, for which themes, from which place. Nobody else says it for them."""

from dataclasses import dataclass
from uuid import UUID

MOST_HOURS = 40
"""How many hours a week an officer has for sessions and presence at most."""


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer's own profile. `suggestions`: they may be suggested for a session; `arranges`: they host sessions."""

    person_id: UUID
    function: str
    themes: tuple[str, ...]
    base_place_id: UUID
    hours_a_week: int
    suggestions: bool
    arranges: bool
    version: int = 1
