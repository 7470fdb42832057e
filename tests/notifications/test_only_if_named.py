"""Signed tree heads come every second: they go to those who name them, and stay out of the way of all others."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

from tests.notifications.conftest import Square, support, told

from dorpsplein.contracts.funding.transparency import TreeHeadSigned
from dorpsplein.contracts.initiatives.supports import SupportGiven
from dorpsplein.envelope import Event, Recorded
from notifications.commands import subscriptions
from notifications.domain.subscriptions import Create
from notifications.projections.journal import journal

URL = "http://127.0.0.1:9/hook"
LOG = uuid4()


def head(size: int) -> Recorded[Event]:
    signed = TreeHeadSigned(
        log_id=LOG, origin="urn:test", size=size, root="00", at=datetime(2026, 5, 1, tzinfo=UTC), key_id="1",
        signature="",
    )  # fmt: skip
    return told(signed, size)


async def positions(square: Square) -> list[tuple[int, str]]:
    rows = await square.rows("select position, type from log order by position")
    return [(position, kind.split(".")[-2]) for position, kind in rows]


async def waiting(square: Square, subscription: dict[str, str]) -> list[int]:
    rows = await square.rows(
        "select position from deliveries where subscription_id = $1 order by position", UUID(subscription["id"])
    )
    return [position for (position,) in rows]


async def test_nobody_named_them_so_nothing_is_kept_and_no_position_is_lost(square: Square) -> None:
    everything = await square.subscribe(URL)
    await square.tell(head(1))
    await square.tell(support(uuid4()), head(2), support(uuid4()), head(3))
    assert await positions(square) == [(1, "support-given"), (2, "support-given")]
    assert await waiting(square, everything) == [1, 2]
    assert await square.rows("select log, feed from heads") == [(2, 0)]


async def test_who_names_them_gets_them_and_who_asked_for_everything_else_still_does_not(square: Square) -> None:
    everything = await square.subscribe(URL)
    named = await square.subscribe(URL, [TreeHeadSigned.type])
    other = await square.subscribe(URL, [SupportGiven.type])
    await square.tell(head(1), support(uuid4()), head(2))
    assert [kind for _, kind in await positions(square)] == ["tree-head-signed", "support-given", "tree-head-signed"]
    assert await waiting(square, named) == [1, 3]
    assert await waiting(square, everything) == await waiting(square, other) == [2]


async def test_a_replay_of_everything_leaves_them_out_too(square: Square) -> None:
    await square.subscribe(URL, [TreeHeadSigned.type])
    await square.tell(head(1), support(uuid4()), head(2))
    for types, expected in ((), [2]), ((TreeHeadSigned.type,), [1, 3]):
        late = await square.subscribe(URL, types, by="chris")
        answer = await square.request("POST", f"/subscriptions/{late['id']}/replay", {"afterPosition": 0}, by="chris")
        assert answer.json()["queued"] == len(expected)
        assert await waiting(square, late) == expected


async def test_when_the_one_who_named_them_ends_they_are_kept_no_more(square: Square) -> None:
    named = await square.subscribe(URL, [TreeHeadSigned.type])
    await square.tell(head(1))
    assert (await square.request("DELETE", f"/subscriptions/{named['id']}", by="saar")).status_code == 204
    await square.tell(head(2))
    assert len(await positions(square)) == 1


async def test_who_subscribes_while_events_are_written_down_starts_after_them_and_misses_none(square: Square) -> None:
    """The events have their positions but are not committed yet; the subscription waits for them."""
    async with square.runtime.database.transaction() as tx:
        await journal(tx, [told(support(uuid4())), head(1)])
        asking = asyncio.ensure_future(square.subscribe(URL, [TreeHeadSigned.type, SupportGiven.type]))
        await asyncio.sleep(0.3)
    created = await asking
    await square.tell(support(uuid4()), head(2))
    assert created["position"] == 1
    assert await waiting(square, created) == [2, 3]


async def test_who_names_them_at_this_very_moment_gets_all_that_come_after(square: Square) -> None:
    """The subscription has its position but is not committed yet; what comes waits to see whether it is wanted."""
    async with square.runtime.database.transaction() as tx:
        row = await subscriptions.create(tx, Create(uuid4(), uuid4(), URL, (TreeHeadSigned.type,), None, "s"))
        coming = asyncio.ensure_future(square.tell(head(1)))
        await asyncio.sleep(0.3)
    await coming
    assert row["position"] == 0
    assert await waiting(square, {"id": str(row["id"])}) == [1]
