"""Support: residents who say yes to an initiative, by themselves or on paper, and what a merge does with a yes."""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym


class SupportGiven(Event, type="nl.participatie.supports.support-given.v1", topic="initiatives.support"):
    """One resident says yes. An aggregate of its own, so that no count is a hot row.

    Where it is `anonymous`, `supporter_id` is a pseudonym for this one support, and its time is a whole hour.
    `channel` is `web`, `import`, `paper` (with its `batch_id`) or `merge`.
    """

    support_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    supporter_id: Annotated[UUID, Pseudonym]
    channel: Annotated[str, NotPersonal] = "web"
    anonymous: Annotated[bool, NotPersonal] = False
    batch_id: Annotated[UUID | None, NotPersonal] = None
    merge_id: Annotated[UUID | None, NotPersonal] = None


class SupportWithdrawn(Event, type="nl.participatie.supports.support-withdrawn.v1", topic="initiatives.support"):
    """One yes is taken back: by the resident, or as `reason` says (`paper-recounted`, `paper-undone`, `merge-left`)."""

    support_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    supporter_id: Annotated[UUID, Pseudonym]
    anonymous: Annotated[bool, NotPersonal] = False
    reason: Annotated[str | None, NotPersonal] = None


class SupportMoved(Event, type="nl.participatie.supports.support-moved.v1", topic="initiatives.support"):
    """A resident agreed that their yes goes along with a merge: it counts in `into_id` from now on, not here."""

    support_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    supporter_id: Annotated[UUID, Pseudonym]
    into_id: Annotated[UUID, NotPersonal]
    merge_id: Annotated[UUID, NotPersonal]
    anonymous: Annotated[bool, NotPersonal] = False


class SupportReturned(Event, type="nl.participatie.supports.support-returned.v1", topic="initiatives.support"):
    """A yes that had moved counts here again: its giver changed their mind in time, or the merge was undone."""

    support_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    supporter_id: Annotated[UUID, Pseudonym]
    into_id: Annotated[UUID, NotPersonal]
    merge_id: Annotated[UUID, NotPersonal]
    anonymous: Annotated[bool, NotPersonal] = False


class PaperBatchCounted(Event, type="nl.participatie.paper-batches.paper-batch-counted.v1", topic="initiatives.batch"):
    """An officer counted sheets of signatures: `supports` different lines. One may support by another way as well."""

    batch_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    officer_id: Annotated[UUID, Pseudonym]
    supports: Annotated[int, NotPersonal]


class PaperBatchRecounted(
    Event, type="nl.participatie.paper-batches.paper-batch-recounted.v1", topic="initiatives.batch"
):
    """The same sheets were counted again, and corrected."""

    batch_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    officer_id: Annotated[UUID, Pseudonym]
    supports: Annotated[int, NotPersonal]


class PaperBatchUndone(Event, type="nl.participatie.paper-batches.paper-batch-undone.v1", topic="initiatives.batch"):
    """None of these sheets counts any more."""

    batch_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    officer_id: Annotated[UUID, Pseudonym]


EVENTS = (
    SupportGiven,
    SupportWithdrawn,
    SupportMoved,
    SupportReturned,
    PaperBatchCounted,
    PaperBatchRecounted,
    PaperBatchUndone,
)
