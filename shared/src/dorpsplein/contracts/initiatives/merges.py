"""Merges: one initiative goes on inside another because the initiators of both agree; supporters follow one by one.

Of every fact here `initiative_id` is the initiative that joins, and `into_id` the one it joins.
"""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym


class MergeProposed(Event, type="nl.participatie.merges.merge-proposed.v1", topic="initiatives.merge"):
    """An initiator would have their initiative join another."""

    merge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    into_id: Annotated[UUID, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]


class MergeAgreed(Event, type="nl.participatie.merges.merge-agreed.v1", topic="initiatives.merge"):
    """An initiator of the other agreed: until `window_ends_at` each supporter may say whether their yes goes along."""

    merge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    into_id: Annotated[UUID, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]
    window_ends_at: Annotated[AwareDatetime, NotPersonal]


class MergeDeclined(Event, type="nl.participatie.merges.merge-declined.v1", topic="initiatives.merge"):
    """An initiator of the other would not."""

    merge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    into_id: Annotated[UUID, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]


class MergeWithdrawn(Event, type="nl.participatie.merges.merge-withdrawn.v1", topic="initiatives.merge"):
    """The proposal was taken back before anyone agreed to it."""

    merge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    into_id: Annotated[UUID, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]


class MergeClosed(Event, type="nl.participatie.merges.merge-closed.v1", topic="initiatives.merge"):
    """The window is over: of the supports `moved` went along and `stayed` did not."""

    merge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    into_id: Annotated[UUID, NotPersonal]
    moved: Annotated[int, NotPersonal]
    stayed: Annotated[int, NotPersonal]


class MergeUndoAsked(Event, type="nl.participatie.merges.merge-undo-asked.v1", topic="initiatives.merge"):
    """After the window the initiators of one `side` (`joining` or `into`) would undo the merge; it takes both."""

    merge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    into_id: Annotated[UUID, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]
    side: Annotated[str, NotPersonal]


class MergeUndone(Event, type="nl.participatie.merges.merge-undone.v1", topic="initiatives.merge"):
    """The initiatives part; `returned` supports that had moved count where they were given again."""

    merge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    into_id: Annotated[UUID, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]
    returned: Annotated[int, NotPersonal]


EVENTS = (
    MergeProposed,
    MergeAgreed,
    MergeDeclined,
    MergeWithdrawn,
    MergeClosed,
    MergeUndoAsked,
    MergeUndone,
)
