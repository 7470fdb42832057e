"""What contributors are told of what came of it: each hop once, in whatever order the news arrives."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.notifications.conftest import Square, eventually, state, told
from tests.support import person

from dorpsplein.contracts.initiatives.contributions import ContributionOffered, ContributionWithdrawn
from dorpsplein.contracts.initiatives.links import ContributionLinked, ContributionUnlinked
from dorpsplein.envelope import Event, Recorded
from notifications.api.lines import LineList
from notifications.domain.lines.lineage import line
from notifications.events import PROJECTIONS
from notifications.mail import post
from notifications.projections.lineage import lineage

Thing = tuple[str, UUID]
NOW = datetime.now(UTC).replace(microsecond=0)
ANNA, BRAM = person("anna"), person("bram")


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def offered(contribution: UUID, initiative: UUID, who: UUID | None = ANNA, minutes: int = 0) -> Recorded[Event]:
    event = ContributionOffered(
        contribution_id=contribution, initiative_id=initiative, origin="resident", contributor_id=who
    )
    return told(event, 1, at=at(minutes))


def linked(
    start: Thing,
    end: Thing,
    kind: str,
    initiative: UUID,
    minutes: int = 1,
    *,
    link_id: UUID | None = None,
    version: int = 1,
) -> Recorded[Event]:
    event = ContributionLinked(
        link_id=link_id or uuid4(),
        from_kind=start[0],
        from_id=start[1],
        to_kind=end[0],
        to_id=end[1],
        kind=kind,
        initiative_id=initiative,
    )
    return told(event, version, at=at(minutes))


def thread(mine: UUID, garden: UUID, scene: UUID, dream: UUID) -> list[Recorded[Event]]:
    """A contribution that was placed, used in a scene and shown in a dream vision; and a milestone."""
    return [
        offered(mine, garden),
        linked(("contribution", mine), ("initiative", garden), "placed", garden, 1),
        linked(("contribution", mine), ("scene", scene), "used-in", garden, 2),
        linked(("scene", scene), ("dream", dream), "shown-in", garden, 3),
        linked(("initiative", garden), ("milestone", uuid4()), "led-to", garden, 4),
    ]


async def lines(square: Square, by: str = "anna") -> list[str]:
    answer = await square.get("/me/lines", by=by)
    LineList.model_validate(answer)
    return [item["line"] for item in answer["items"]]


async def test_a_contributor_reads_each_hop_once_newest_first_and_nobody_else_does(square: Square) -> None:
    garden, mine = uuid4(), uuid4()
    events = [told(state(garden)), *thread(mine, garden, uuid4(), uuid4())]
    for event in reversed(events):
        await square.tell(event)
    await square.tell(*events)
    assert await lines(square) == [
        "«Buurttuin», waar je iets voor inbracht, heeft een mijlpaal bereikt",
        "Je inbreng is te zien in het droombeeld van «Buurttuin»",
        "Je inbreng is gebruikt in een scène van het droombeeld van «Buurttuin»",
        "Je inbreng heeft een plek gekregen in «Buurttuin»",
    ]
    assert await lines(square, "bram") == []
    page = await square.get("/me/lines?limit=3", by="anna")
    rest = await square.get(f"/me/lines?limit=3&cursor={page['next']}", by="anna")
    assert (len(page["items"]), len(rest["items"]), rest["next"]) == (3, 1, None)


async def test_a_hop_after_two_contributions_of_one_person_is_told_once_and_to_each_other_contributor(
    square: Square,
) -> None:
    garden, scene = uuid4(), uuid4()
    for who in (ANNA, ANNA, BRAM, None):
        one = uuid4()
        await square.tell(offered(one, garden, who), linked(("contribution", one), ("scene", scene), "used-in", garden))
    await square.tell(linked(("scene", scene), ("dream", uuid4()), "shown-in", garden, 2))
    told_to = await square.rows("select person_id, count(*) from personal_lines group by 1 order by 2")
    assert told_to == [(BRAM, 2), (ANNA, 3)]


async def test_what_was_there_before_and_what_comes_after_it_was_taken_back_is_not_told(square: Square) -> None:
    garden, mine = uuid4(), uuid4()
    milestone = [(("initiative", garden), ("milestone", uuid4()), "led-to", garden, minutes) for minutes in (1, 7, 9)]
    await square.tell(
        told(state(garden)),
        linked(*milestone[0]),
        offered(mine, garden, minutes=5),
        linked(("contribution", mine), ("initiative", garden), "placed", garden, 6),
        linked(*milestone[1]),
        told(ContributionWithdrawn(contribution_id=mine, initiative_id=garden), 3, at=at(8)),
        linked(*milestone[2]),
    )
    assert await square.rows("select at from personal_lines order by at") == [(at(6),), (at(7),)]


async def test_through_a_link_that_was_undone_only_what_came_until_then_is_told(square: Square) -> None:
    ours, theirs, mine, merge = uuid4(), uuid4(), uuid4(), uuid4()
    ends = (("initiative", ours), ("initiative", theirs), "joined", ours)
    story = ("initiative", theirs), ("story", uuid4()), "told-in", theirs
    await square.tell(
        offered(mine, ours),
        linked(("contribution", mine), ("initiative", ours), "placed", ours),
        linked(*ends, 2, link_id=merge),
        told(ContributionUnlinked(link_id=merge), 2, at=at(4)),
    )
    await square.tell(linked(*story, 3), linked(*story, 5))
    assert await square.rows("select at from personal_lines order by at") == [(at(1),), (at(2),), (at(3),)]
    await square.tell(linked(*ends, 6, link_id=merge, version=3))
    assert await square.rows("select ended_at from links where id = $1", merge) == [(None,)]


async def test_who_follows_and_gave_an_address_is_mailed_once_and_a_rebuild_mails_nothing(square: Square) -> None:
    garden, mine = uuid4(), uuid4()
    for who in ("anna", "bram"):
        await square.request("PUT", "/me/address", {"email": f"{who}@example.org"}, by=who)
    await square.tell(told(state(garden)))
    await square.follow(kind="initiative", initiativeId=str(garden))
    events = thread(mine, garden, uuid4(), uuid4())
    await square.tell(*events)
    await square.tell(*events)
    async with square.at_work(post):
        await eventually(lambda: sent(square, 4))
    mails = await square.rows("select recipients, subject, body from local_mails")
    assert {mail[0][0] for mail in mails} == {"anna@example.org"}
    hops = [("placed", "initiative"), ("used-in", "scene"), ("shown-in", "dream")]
    feed = "Nieuwe inbreng voor «Buurttuin»"
    assert sorted(subject for _, subject, _ in mails) == sorted([feed, *(line(hop, "Buurttuin") for hop in hops)])
    assert all("omdat je dit volgt: het initiatief «Buurttuin»" in body for _, _, body in mails)
    told_before = await square.rows("select * from personal_lines order by 2")
    async with square.runtime.database.transaction() as tx:
        for table in PROJECTIONS["lineage"].tables:
            await tx.execute(f"delete from {table}")
        await lineage(tx, events)
    assert await square.rows("select * from personal_lines order by 2") == told_before
    assert await square.rows("select count(*) from mails where link_id is not null") == [(3,)]


async def sent(square: Square, number: int) -> bool:
    return bool(await square.rows("select 1 from mails where state = 'sent' having count(*) >= $1", number))


def onward(links: Mapping[UUID, tuple[Thing, Thing]], start: Thing) -> set[UUID]:
    """The links that lead on from a thing, as far as they go."""
    there, taken = {start}, set[UUID]()
    while found := {one for one, (leaves, _) in links.items() if leaves in there} - taken:
        taken |= found
        there |= {links[one][1] for one in found}
    return taken


ENDS = st.tuples(st.integers(0, 7), st.integers(0, 7))


@settings(
    max_examples=int(os.environ.get("DORPSPLEIN_EXAMPLES", "15")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    ends=st.lists(ENDS, max_size=12, unique=True),
    offers=st.lists(st.booleans(), min_size=8, max_size=8),
    data=st.data(),
)
async def test_in_any_order_and_any_batches_everyone_upstream_is_told_each_hop_once(
    square: Square, ends: list[tuple[int, int]], offers: list[bool], data: st.DataObject
) -> None:
    garden = uuid4()
    things = [("contribution" if number < 3 else "scene", uuid4()) for number in range(8)]
    links = {uuid4(): (things[start], ("scene", things[end][1])) for start, end in ends}
    people = {things[number]: uuid4() for number in range(3) if offers[number]}
    events = [offered(contribution, garden, who) for (_, contribution), who in people.items()]
    events += [linked(*both, "used-in", garden, link_id=link_id) for link_id, both in links.items()]
    expected = {(who, link_id) for thing, who in people.items() for link_id in onward(links, thing)}
    waiting = data.draw(st.permutations(events))
    while waiting:
        size = data.draw(st.integers(1, 5))
        await square.tell(*waiting[:size])
        waiting = waiting[size:]
    found = await square.rows("select person_id, link_id from personal_lines where link_id = any($1)", list(links))
    assert sorted(found) == sorted(expected)
