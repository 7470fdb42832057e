"""What funding keeps of the events of initiatives and presence, a batch at a time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from dorpsplein.contracts.initiatives.initiatives import (
    CoInitiatorJoined,
    CoInitiatorLeft,
    HaltLifted,
    InitiativeCelebrated,
    InitiativeEdited,
    InitiativeExpired,
    InitiativeHalted,
    InitiativeJoined,
    InitiativeParted,
    InitiativeProposed,
    InitiativeWithdrawn,
)
from dorpsplein.contracts.initiatives.merges import MergeClosed
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportMoved, SupportReturned, SupportWithdrawn
from dorpsplein.contracts.presence.facilities import FacilityWithdrawn
from dorpsplein.contracts.presence.members import CouncilMemberJoined, CouncilMemberLeft
from dorpsplein.database import Transaction
from dorpsplein.envelope import Event, Recorded
from funding import commands
from funding.domain.means import GOING_ON

INITIATIVES = """
    with told as (
        select * from unnest(
            $1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[]
        ) as t(id, version, status, theme, needed, initiators, neighbourhood)
    ), changed as (
        update initiatives i set
            version = t.version, status = coalesce(t.status, i.status), theme = coalesce(t.theme, i.theme),
            needed_cents = coalesce(t.needed, i.needed_cents),
            initiators = coalesce(t.initiators::uuid[], i.initiators),
            neighbourhood = coalesce(t.neighbourhood, i.neighbourhood)
        from told t where i.initiative_id = t.id and t.version > i.version
    )
    insert into initiatives (initiative_id, version, status, theme, needed_cents, initiators, neighbourhood)
    select id, version, coalesce(status, 'proposed'), coalesce(theme, ''), coalesce(needed, 0),
        coalesce(initiators::uuid[], '{}'), coalesce(neighbourhood, '')
    from told
    on conflict do nothing
"""
SUPPORTS = """
    insert into support_counts as s (initiative_id, supports)
    select * from unnest($1::uuid[], $2::bigint[])
    on conflict (initiative_id) do update set supports = s.supports + excluded.supports
"""

JOINED = """
    insert into council (member_id, person_id, kind, term_from, term_until)
    select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[]) as t(member_id)
    order by member_id
    on conflict (member_id) do update set term_from = excluded.term_from, term_until = excluded.term_until
"""
LEFT = """
    insert into council (member_id, person_id, kind, has_left)
    select member_id, person_id, kind, true from unnest($1::uuid[], $2::uuid[], $3::text[])
        as t(member_id, person_id, kind) order by member_id
    on conflict (member_id) do update set has_left = true
"""
WITHDRAWALS = """
    insert into withdrawn_facilities (code) select distinct unnest($1::text[]) on conflict do nothing
"""

SupportEvent = SupportGiven | SupportWithdrawn | SupportMoved | SupportReturned
InitiativeEvent = (
    InitiativeProposed
    | InitiativeEdited
    | InitiativeWithdrawn
    | InitiativeExpired
    | InitiativeCelebrated
    | InitiativeJoined
    | InitiativeParted
    | InitiativeHalted
    | HaltLifted
    | CoInitiatorJoined
    | CoInitiatorLeft
    | MergeClosed
)
BECOMES: Mapping[type[Event], str] = {
    InitiativeWithdrawn: "withdrawn",
    InitiativeExpired: "expired",
    InitiativeCelebrated: "celebrated",
    InitiativeJoined: "joined",
    InitiativeHalted: "halted",
    InitiativeParted: GOING_ON,
    HaltLifted: GOING_ON,
}
"""What facts make of an initiative, as far as means go: whether something can still be promised to it."""
RELEASES: Mapping[type[Event], str] = {
    InitiativeWithdrawn: "initiative-withdrawn",
    InitiativeExpired: "initiative-expired",
    MergeClosed: "initiative-joined",
}
"""After which facts what is promised to an initiative goes back, and the reason that is given."""


@dataclass(frozen=True, slots=True)
class Told:
    """What facts say of an initiative; None where they do not."""

    version: int = 0
    status: str | None = None
    theme: str | None = None
    needed: int | None = None
    initiators: tuple[UUID, ...] | None = None
    neighbourhood: str | None = None


async def initiatives(tx: Transaction, events: Sequence[Recorded[InitiativeEvent]]) -> None:
    """Keep what initiatives need, who carries them and whether they go on.

    All of it stands in facts of one topic under one key, which arrive in order; the texts are not needed here.
    """
    told: dict[UUID, Told] = {}
    for recorded in events:
        if not recorded.erased and not isinstance(recorded.event, MergeClosed):
            before = told.get(recorded.event.initiative_id, Told())
            told[recorded.event.initiative_id] = _after(before, recorded)
    if told:
        rows = [
            (one.version, one.status, one.theme, one.needed, _array(one.initiators), one.neighbourhood)
            for one in told.values()
        ]
        await tx.execute(INITIATIVES, list(told), *map(list, zip(*rows, strict=True)))


def _array(people: tuple[UUID, ...] | None) -> str | None:
    return None if people is None else f"{{{','.join(map(str, people))}}}"


def _after(before: Told, recorded: Recorded[InitiativeEvent]) -> Told:
    after = replace(before, version=recorded.sequence)
    event = recorded.event
    if isinstance(event, InitiativeProposed):
        after = replace(after, status=GOING_ON, initiators=(event.initiator_id,))
    match event:
        case InitiativeProposed() | InitiativeEdited():
            needed, neighbourhood = event.means_needed_cents, event.neighbourhood or ""
            return replace(after, theme=event.theme, needed=needed, neighbourhood=neighbourhood)
        case CoInitiatorJoined() | CoInitiatorLeft():
            return replace(after, initiators=tuple(event.initiators))
        case _:
            return replace(after, status=BECOMES[type(event)])


async def act_on_initiatives(tx: Transaction, events: Sequence[Recorded[InitiativeEvent]]) -> None:
    """Release what is held for those that are no more; commit it where an edit leaves nothing missing."""
    for recorded in events:
        about = recorded.event.initiative_id
        if reason := RELEASES.get(type(recorded.event)):
            await commands.means.release(tx, about, reason, recorded.time, recorded.cause)
        elif isinstance(recorded.event, InitiativeEdited):
            await commands.means.follow_needs(tx, about, recorded.time, recorded.cause)


async def supports(tx: Transaction, events: Sequence[Recorded[SupportEvent]]) -> None:
    """Count the supports of each initiative. A count is a sum, so no order between supports matters.

    One that moves with a merge is counted here no more; that it counts at the other initiative is a fact of its own.
    """
    counts: Counter[UUID] = Counter()
    for recorded in events:
        if not recorded.erased:
            comes = isinstance(recorded.event, SupportGiven | SupportReturned)
            counts[recorded.event.initiative_id] += 1 if comes else -1
    wanted = sorted(counts)
    await tx.execute(SUPPORTS, wanted, [counts[initiative] for initiative in wanted])


async def council(tx: Transaction, events: Sequence[Recorded[CouncilMemberJoined | CouncilMemberLeft]]) -> None:
    """Keep who joined the council, for which term, and who left it. Each happens once, so no order matters."""
    joined = [event.event for event in events if isinstance(event.event, CouncilMemberJoined)]
    left = [event.event for event in events if isinstance(event.event, CouncilMemberLeft)]
    if joined:
        rows = [(one.member_id, one.person_id, one.kind, one.term_from, one.term_until) for one in joined]
        await tx.execute(JOINED, *map(list, zip(*rows, strict=True)))
    if left:
        gone = [(one.member_id, one.person_id, one.kind) for one in left]
        await tx.execute(LEFT, *map(list, zip(*gone, strict=True)))


async def facilities(tx: Transaction, events: Sequence[Recorded[FacilityWithdrawn]]) -> None:
    """Keep which facilities can be promised no more. A code means one of them for ever, so that never ends."""
    await tx.execute(WITHDRAWALS, [recorded.event.code for recorded in events])
