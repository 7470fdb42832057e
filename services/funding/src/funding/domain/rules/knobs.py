"""What a rule is: a name and knobs, each a whole number within bounds or one of a few words.

The bounds here are those of the arithmetic and of good sense; narrower ones are for the council to set.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, Literal, Self

from pydantic.alias_generators import to_camel

from dorpsplein.errors import Refused

MOST_CENTS = 2**53 - 1
"""What every JSON reader takes as a whole number."""
MOST_PART = 1_000_000

Knob = int | str
Family = Literal["streaming", "batch", "counting"]


def whole(least: int, most: int) -> Any:
    """A knob that is a whole number, bounds included."""
    return field(metadata={"bounds": (least, most)})


def word(*words: str) -> Any:
    """A knob that is one of these words."""
    return field(metadata={"words": words})


def cap() -> Any:
    """A knob that is a cap in cents; 0 lets nothing through."""
    return whole(0, MOST_CENTS)


def flag() -> Any:
    """A knob that is off (0) or on (1)."""
    return whole(0, 1)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its knobs. Streaming rules answer pledge by pledge, batch and counting rules a whole round."""

    name: ClassVar[str]
    family: ClassVar[Family]

    def knobs(self) -> dict[str, Knob]:
        """The knobs by their public names."""
        return {to_camel(knob.name): getattr(self, knob.name) for knob in fields(self)}

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The public names of the knobs."""
        return tuple(to_camel(knob.name) for knob in fields(cls))

    @classmethod
    def of(cls, knobs: Mapping[str, Any]) -> Self:
        """The rule with these knobs, by their public names.

        Raises Refused("knob-unknown"), ("knob-missing") or ("knob-out-of-bounds").
        """
        known = {to_camel(knob.name): knob for knob in fields(cls)}
        if unknown := sorted(set(knobs) - set(known)):
            raise Refused("knob-unknown", f"The rule {cls.name} has no knob {unknown[0]}; it has {', '.join(known)}.")
        if missing := [name for name in known if name not in knobs]:
            raise Refused("knob-missing", f"The rule {cls.name} needs a value for {', '.join(missing)}.")
        return cls(**{knob.name: _checked(name, knob, knobs[name]) for name, knob in known.items()})


def _checked(name: str, knob: "Field[Any]", value: Any) -> Any:
    if words := knob.metadata.get("words"):
        if value not in words:
            raise Refused("knob-out-of-bounds", f"The knob {name} is one of {', '.join(words)}, not {value!r}.")
        return value
    least, most = knob.metadata["bounds"]
    if type(value) is not int or not least <= value <= most:
        raise Refused("knob-out-of-bounds", f"The knob {name} is a whole number from {least} to {most}, not {value!r}.")
    return value
