"""Bounds of knobs as people send them. Whether they may be, the domain says."""

from typing import Annotated

from pydantic import Field, StrictInt

from dorpsplein.fields import Body
from funding.api.fields import KnobName
from funding.domain.knobs import REGISTRY
from funding.domain.knobs.values import Bounds

Number = Annotated[StrictInt, Field(ge=-(2**53) + 1, le=2**53 - 1)]
"""A whole number every JSON reader takes."""


class BoundsBody(Body):
    """From least to most, both allowed."""

    least: Number
    most: Number


KnobBounds = Annotated[dict[KnobName, BoundsBody], Field(max_length=len(REGISTRY))]
"""Bounds by knob."""


def pairs(bounds: dict[str, BoundsBody]) -> Bounds:
    """Bounds as the domain has them."""
    return {name: (one.least, one.most) for name, one in bounds.items()}
