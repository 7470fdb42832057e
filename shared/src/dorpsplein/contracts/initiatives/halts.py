"""Stops from outside: the words of the only measure in public law that there is here.

That an initiative was halted, that this was appealed against and that it was lifted are facts of the initiative.
"""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal, Published


class HaltUpheld(Event, type="nl.participatie.initiatives.halt-upheld.v1", topic="initiatives.initiative"):
    """Another alderman looked at the appeal against a halt and found the same; why stands in the halt's state."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    halt_id: Annotated[UUID, NotPersonal]


class HaltState(Event, type="nl.participatie.halts.halt-state.v1", topic="initiatives.halt.state"):
    """The latest public view of a halt: the ground with its reason, the appeal and the answer to it, in words."""

    halt_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    ground: Annotated[str, NotPersonal]
    status: Annotated[str, NotPersonal]
    appeal_until: Annotated[AwareDatetime, NotPersonal]
    reason: Annotated[str, Published]
    appeal: Annotated[str | None, Published] = None
    answer: Annotated[str | None, Published] = None


EVENTS = (
    HaltUpheld,
    HaltState,
)
