"""What can be promised, as it is sent: euros, hours of a skill, a slot of a facility, items of a material."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from dorpsplein.fields import Body, Code, Moment
from funding.api.fields import Amount, Quantity
from funding.domain import resources
from funding.domain.ledger import EUR
from funding.domain.resources import Slot


class HoursBody(Body):
    """Work: so many minutes of a skill, by its code."""

    skill: Code
    minutes: Quantity


class SlotBody(Body):
    """A facility, by its code, from when until when."""

    facility: Code
    starts_at: Moment
    ends_at: Moment


class MaterialBody(Body):
    """So many items of a material, by its code."""

    item: Code
    units: Quantity


@dataclass(frozen=True, slots=True)
class Promise:
    """So much of a resource; of a facility also when."""

    resource: str
    quantity: int
    slot: Slot | None = None


class MeansBody(Body):
    """Means for an initiative: exactly one of `amountCents`, `hours`, `slot` and `material`."""

    initiative_id: UUID
    round_id: UUID | None = None
    amount_cents: Amount | None = None
    hours: HoursBody | None = None
    slot: SlotBody | None = None
    material: MaterialBody | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(one is not None for one in (self.amount_cents, self.hours, self.slot, self.material)) != 1:
            raise PydanticCustomError("one_kind", "send exactly one of amountCents, hours, slot and material")
        return self

    @property
    def promise(self) -> Promise:
        """What is promised. Raises Refused("slot-not-valid")."""
        if self.hours:
            return Promise(resources.time(self.hours.skill), self.hours.minutes)
        if self.slot:
            slot = Slot(self.slot.starts_at, self.slot.ends_at)
            return Promise(resources.slot(self.slot.facility), slot.minutes, slot)
        if self.material:
            return Promise(resources.material(self.material.item), self.material.units)
        assert self.amount_cents is not None
        return Promise(EUR, self.amount_cents)
