"""Facilities over HTTP, and their bookings by the pledges of the funding service."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import MakeDatabase
from tests.presence.conftest import CANTEEN, NOON, Presence
from tests.presence.test_projections import INITIATIVES, happened, state

import presence as service
from dorpsplein.contracts.funding.pledges import (
    PledgeCommitted,
    PledgeDelivered,
    PledgeLapsed,
    PledgeMade,
    PledgeRefunded,
    PledgeWithdrawn,
)
from dorpsplein.contracts.initiatives.initiatives import InitiativeWithdrawn
from dorpsplein.contracts.presence.facilities import FacilityOffered, FacilityState, FacilityWithdrawn
from dorpsplein.database import Database
from dorpsplein.envelope import Event, Recorded
from dorpsplein.migrating import migrate, migrations_of
from presence.projections.facilities import facility_bookings
from presence.projections.initiatives import initiatives

HALL = {"code": "dorpshuis-zaal", "kind": "room", "name": "De zaal", "description": "Licht", "capacity": 40}
HOUR = timedelta(hours=1)


async def offered(presence: Presence, place: str, **other: Any) -> dict[str, Any]:
    answer = await presence.post(f"/places/{place}/facilities", HALL | other)
    assert answer.status_code == 201, answer.text
    facility: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == facility.pop("location") == f"/v1/facilities/{facility['id']}"
    return facility


async def test_a_facility_is_offered_told_anew_and_withdrawn(presence: Presence) -> None:
    place = await presence.place()
    facility = await offered(presence, place)
    path = f"/facilities/{facility['id']}"
    assert facility == HALL | {
        "id": facility["id"],
        "placeId": place,
        "resource": "SLOT/dorpshuis-zaal",
        "status": "offered",
        "withdrawnReason": None,
        "version": 1,
    }
    told = {"name": "De grote zaal", "capacity": 45}
    assert (await presence.put(path, told, version=2)).json()["code"] == "facility-changed"
    changed = await presence.put(path, told, version=1, by="otto")
    assert (changed.status_code, changed.headers["ETag"], changed.json()["description"]) == (200, '"2"', None)
    assert (await presence.put(path, told, version=2)).json()["version"] == 2
    gone = await presence.post(f"{path}/withdrawal", {"reason": "not-safe"})
    assert (gone.json()["status"], gone.json()["withdrawnReason"], gone.json()["version"]) == (
        "withdrawn",
        "not-safe",
        3,
    )
    assert (await presence.get(path)).json() == gone.json()
    for refused in (
        await presence.put(path, told, version=3),
        await presence.post(f"{path}/withdrawal", {"reason": "other"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (422, "facility-withdrawn")
    said = (await presence.events())[2:]
    assert [(event, version) for event, version, _ in said] == [
        (FacilityOffered, 1),
        (FacilityState, 1),
        (FacilityState, 2),
        (FacilityWithdrawn, 3),
        (FacilityState, 3),
    ]
    assert all(b'zaal"' not in (body or b"").replace(b"dorpshuis-zaal", b"") for body in (said[0][2], said[3][2]))
    assert json.loads(said[4][2] or b"")["offered"] is False


async def test_a_code_means_one_facility_for_ever(presence: Presence) -> None:
    place, other = await presence.place(), await presence.place(name="Other")
    first = await offered(presence, place)
    await presence.post(f"/facilities/{first['id']}/withdrawal", {"reason": "other"})
    again = await presence.post(f"/places/{other}/facilities", HALL)
    assert (again.status_code, again.json()["code"]) == (409, "facility-code-taken")
    assert again.json()["facilityId"] == first["id"]
    nowhere = await presence.post(f"/places/{uuid4()}/facilities", HALL | {"code": "zaal"})
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "place-unknown")


async def test_facilities_are_found_by_place_by_kind_and_near(presence: Presence) -> None:
    far = await presence.place(name="Far", point={"latitude": 52.1, "longitude": 5.0})
    near = await presence.place(name="Near", point={"latitude": 52.001, "longitude": 5.0})
    await offered(presence, far, code="a-zaal")
    await offered(presence, near, code="b-zaal")
    await offered(presence, near, code="c-beamer", kind="tool")
    gone = await offered(presence, near, code="d-zaal")
    await presence.post(f"/facilities/{gone['id']}/withdrawal", {"reason": "other"})

    async def codes(path: str, **query: Any) -> list[str]:
        return [item["code"] for item in await presence.pages(path, limit=1, **query)]

    assert await codes("/facilities") == ["a-zaal", "b-zaal", "c-beamer"]
    assert await codes("/facilities", kind="tool") == ["c-beamer"]
    assert await codes("/facilities", near="52.0,5.0", radius=20_000) == ["b-zaal", "c-beamer", "a-zaal"]
    assert await codes("/facilities", near="52.0,5.0", radius=1_000, kind="room") == ["b-zaal"]
    assert await codes(f"/places/{near}/facilities") == ["b-zaal", "c-beamer"]
    [item] = (await presence.get("/facilities", near="52.0,5.0", kind="tool")).json()["items"]
    assert (item["place"]["name"], item["place"]["address"], item["distanceMeters"]) == (
        "Near",
        CANTEEN["address"],
        111,
    )
    for path in (f"/places/{uuid4()}/facilities", f"/facilities/{uuid4()}", f"/facilities/{uuid4()}/calendar"):
        assert (await presence.get(path)).status_code == 404


def made(pledge: UUID, about: UUID, code: str, starts: datetime, ends: datetime) -> PledgeMade:
    return PledgeMade(
        pledge_id=pledge,
        initiative_id=about,
        pledger_id=uuid4(),
        amount_cents=0,
        resource=f"SLOT/{code}",
        quantity=60,
        starts_at=starts,
        ends_at=ends,
    )


async def test_a_calendar_says_when_a_facility_is_booked_for_what_and_not_by_whom(presence: Presence) -> None:
    facility = await offered(presence, await presence.place())
    path, pond = f"/facilities/{facility['id']}/calendar", uuid4()
    pledges = [uuid4() for _ in range(4)]
    starts = [NOON + hours * HOUR for hours in (5, 1, -2, 24 * 100)]
    events = [
        happened(made(pledge, pond, HALL["code"], at, at + HOUR), 1)  # type: ignore[arg-type]
        for pledge, at in zip(pledges, starts, strict=True)
    ]
    events.append(happened(made(uuid4(), pond, "kerk", starts[0], starts[0] + HOUR), 1))
    committed = PledgeCommitted(
        pledge_id=pledges[0], initiative_id=pond, amount_cents=0, match_cents=0, resource=f"SLOT/{HALL['code']}"
    )
    async with presence.runtime.database.transaction() as tx:
        await facility_bookings(tx, [*events, happened(committed, 3)])
        await initiatives(tx, [happened(state(pond, "A pond"), 1)])
    items = await presence.pages(path, limit=1)
    assert items == [
        {
            "from": at.isoformat().replace("+00:00", "Z"),
            "until": (at + HOUR).isoformat().replace("+00:00", "Z"),
            "status": status,
            "initiativeId": str(pond),
            "initiativeTitle": "A pond",
        }
        for at, status in ((starts[1], "held"), (starts[0], "committed"))
    ]
    query = {"from": (NOON - 2 * HOUR).isoformat(), "until": (NOON + HOUR).isoformat()}
    assert [item["from"] for item in (await presence.get(path, **query)).json()["items"]] == ["2026-05-01T10:00:00Z"]
    async with presence.runtime.database.transaction() as tx:
        await initiatives(tx, [happened(InitiativeWithdrawn(initiative_id=pond, reason="moved"), 2)])
    assert {item["initiativeTitle"] for item in await presence.pages(path)} == {None}
    for wrong in ({"from": "noon"}, {"until": NOON.isoformat()}, {"until": (NOON + 367 * 24 * HOUR).isoformat()}):
        assert (await presence.get(path, **wrong)).status_code == 400


Life = tuple[list[str], str]
LIVES: list[Life] = [
    (["made"], "held"),
    (["made", "committed"], "committed"),
    (["made", "withdrawn"], "free"),
    (["made", "lapsed"], "free"),
    (["made", "committed", "lapsed"], "free"),
    (["made", "committed", "refunded"], "free"),
    (["made", "committed", "delivered"], "committed"),
    (["made", "committed", "delivered", "lapsed"], "committed"),
    (["made", "committed", "delivered", "delivered", "refunded"], "committed"),
]
"""What may become of a pledge, and whether its facility is taken then."""


def told(pledge: UUID, steps: Sequence[str]) -> list[Recorded[Any]]:
    about: dict[str, Any] = {"pledge_id": pledge, "initiative_id": UUID(int=1), "resource": "SLOT/zaal"}
    money = {"amount_cents": 0, "match_cents": 0, "quantity": 60}
    part = {"delivery_id": uuid4(), "quantity": 30, "delivered_in_all": 30, "complete": False, "evidence": False}
    facts: dict[str, Event] = {
        "made": made(pledge, UUID(int=1), "zaal", NOON, NOON + HOUR),
        "committed": PledgeCommitted(**about, **money),
        "delivered": PledgeDelivered(**about, **part),
        "withdrawn": PledgeWithdrawn(**about, **money),
        "lapsed": PledgeLapsed(**about, **money, reason="not-delivered"),
        "refunded": PledgeRefunded(**about, **money, reason="x"),
    }
    return [happened(facts[step], number) for number, step in enumerate(steps, start=1)]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[list[Recorded[Any]]], dict[UUID, str]]:
    """Batches in which the facts of some pledges come in, in any order and some of them again; what each comes to."""
    lives = {UUID(int=number): draw(st.sampled_from(LIVES)) for number in range(1, draw(st.integers(1, 4)) + 1)}
    facts = [fact for pledge, (steps, _) in lives.items() for fact in told(pledge, steps)]
    stream = draw(st.permutations(facts)) + draw(st.lists(st.sampled_from(facts), max_size=3))
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    edges = [0, *cuts, len(stream)]
    return [stream[a:b] for a, b in pairwise(edges) if a < b], {pledge: end for pledge, (_, end) in lives.items()}


def test_any_order_and_any_batches_lead_to_the_same_bookings(make_database: MakeDatabase) -> None:
    urls = make_database("presence")
    with asyncio.Runner() as runner:
        runner.run(migrate(urls.migration, migrations_of(service)))
        database = runner.run(Database(urls.application, INITIATIVES, size=1).__aenter__())

        async def booked(batches: Sequence[Sequence[Recorded[Any]]]) -> dict[UUID, str]:
            async with database.transaction() as tx:
                await tx.execute("delete from facility_bookings")
                for batch in batches:
                    await facility_bookings(tx, batch)
                rows = await tx.fetch(
                    "select pledge_id, case when delivered then 'committed' else status end as status, starts_at, code"
                    " from facility_bookings"
                )
                assert all((row["starts_at"], row["code"]) == (NOON, "zaal") for row in rows)
                return {row["pledge_id"]: row["status"] for row in rows}

        @settings(max_examples=150, deadline=None)
        @given(deliveries())
        def the_same(delivery: tuple[list[list[Recorded[Any]]], dict[UUID, str]]) -> None:
            batches, expected = delivery
            assert runner.run(booked(batches)) == expected

        try:
            the_same()
        finally:
            runner.run(database.__aexit__(None, None, None))


async def test_pledges_of_other_means_book_nothing(presence: Presence) -> None:
    euros = PledgeMade(pledge_id=uuid4(), initiative_id=uuid4(), pledger_id=uuid4(), amount_cents=500)
    async with presence.runtime.database.transaction() as tx:
        await facility_bookings(tx, [happened(euros, 1)])
    assert await presence.rows("select * from facility_bookings") == []
