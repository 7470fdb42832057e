"""What the service keeps of events, whatever order they come in and however often."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.initiatives.conftest import NOON, Initiatives, heard, some_id
from tests.support import SECRET

from dorpsplein.contracts.funding.means import InitiativeMatched, InitiativeMatchReturned, MeansGoalReached
from dorpsplein.contracts.funding.pledges import PledgeMade, PledgeMatched, PledgeWithdrawn
from dorpsplein.contracts.initiatives.contributions import ContributionOffered
from dorpsplein.contracts.initiatives.merges import MergeProposed
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportWithdrawn
from dorpsplein.contracts.presence.encounters import EncounterNoted, EncounterState
from dorpsplein.contracts.presence.sessions import SessionAnnounced
from dorpsplein.envelope import Recorded
from initiatives.domain.encounters import contribution_id
from initiatives.domain.support import support_id

ANNA = some_id(77)


def pledged(initiative: UUID, cents: int, pledge: UUID | None = None, **when: Any) -> Recorded[Any]:
    event = PledgeMade(pledge_id=pledge or uuid4(), initiative_id=initiative, pledger_id=ANNA, amount_cents=cents)
    return heard(event, 1, **when)


def matched(initiative: UUID, cents: int, pledge: UUID | None = None, **when: Any) -> Recorded[Any]:
    event = PledgeMatched(
        pledge_id=pledge or uuid4(),
        initiative_id=initiative,
        round_id=some_id(9),
        amount_cents=cents,
        matched_by={},
        rule_version="1",
        input_digest="",
        explanation=[],
    )
    return heard(event, 2, **when)


def withdrawn(initiative: UUID, cents: int, match: int, pledge: UUID) -> Recorded[Any]:
    event = PledgeWithdrawn(pledge_id=pledge, initiative_id=initiative, amount_cents=cents, match_cents=match)
    return heard(event, 3)


def supported(initiative: UUID, who: UUID, version: int, **when: Any) -> Recorded[Any]:
    kind = SupportGiven if version % 2 else SupportWithdrawn
    event = kind(support_id=support_id(SECRET, initiative, who), initiative_id=initiative, supporter_id=who)
    return heard(event, version, **when)


async def test_means_add_up_and_what_is_missing_is_never_less_than_nothing(initiatives: Initiatives) -> None:
    initiative = UUID(await initiatives.propose(meansNeededCents=1_000))
    first, second = uuid4(), uuid4()
    await initiatives.hear(pledged(initiative, 300, first), matched(initiative, 200, first))
    await initiatives.hear(pledged(initiative, 400, second), withdrawn(initiative, 400, 0, second))
    assert (await initiatives.page(str(initiative)))["means"] == {
        "neededCents": 1_000,
        "pledgedCents": 300,
        "matchedCents": 200,
        "missingCents": 500,
        "goalReached": False,
        "goalMissed": False,
        "taken": False,
        "topUpUntil": None,
        "promised": [],
    }
    await initiatives.hear(
        pledged(initiative, 800), heard(MeansGoalReached(initiative_id=initiative, goal_cents=1_000))
    )
    means = (await initiatives.page(str(initiative)))["means"]
    assert (means["missingCents"], means["goalReached"]) == (0, True)


async def test_what_a_counted_round_gives_is_on_the_page_until_it_returns(initiatives: Initiatives) -> None:
    initiative = UUID(await initiatives.propose(meansNeededCents=1_000))
    given = InitiativeMatched(
        initiative_id=initiative,
        round_id=some_id(9),
        count_id=some_id(8),
        amount_cents=700,
        matched_by={},
        rule_version="1",
        input_digest="",
        explanation=["+700 · quadratic"],
    )
    await initiatives.hear(pledged(initiative, 100), heard(given, 1))
    assert (await initiatives.page(str(initiative)))["means"]["missingCents"] == 200
    back = InitiativeMatchReturned(initiative_id=initiative, round_id=some_id(9), amount_cents=700)
    await initiatives.hear(heard(back, 2))
    means = (await initiatives.page(str(initiative)))["means"]
    assert (means["pledgedCents"], means["matchedCents"], means["missingCents"]) == (100, 0, 900)


async def test_sums_beyond_any_column_stop_nothing(initiatives: Initiatives) -> None:
    initiative = UUID(await initiatives.propose())
    await initiatives.hear(*(pledged(initiative, 2**63 - 1) for _ in range(3)))
    assert (await initiatives.page(str(initiative)))["means"]["pledgedCents"] == 3 * (2**63 - 1)


async def test_an_event_that_comes_twice_counts_once(initiatives: Initiatives) -> None:
    initiative = UUID(await initiatives.propose())
    events = [supported(initiative, ANNA, 1), pledged(initiative, 5)]
    for _ in range(3):
        await initiatives.hear(*events, *events)
    page = await initiatives.page(str(initiative))
    counted = [line["count"] for line in page["latest"]]
    assert (page["means"]["pledgedCents"], counted) == (5, [1, 1])


async def test_events_about_an_initiative_may_come_before_it_is_known(initiatives: Initiatives) -> None:
    unknown = uuid4()
    await initiatives.hear(supported(unknown, ANNA, 1), pledged(unknown, 5))
    assert await initiatives.rows("select pledged_cents from means where initiative_id = $1", unknown) == [(5,)]


async def test_the_timeline_tells_the_latest_first_and_names_no_person(initiatives: Initiatives) -> None:
    initiative = UUID(await initiatives.propose())
    await initiatives.catch_up()
    pledge = uuid4()
    await initiatives.hear(
        pledged(initiative, 300, pledge, at=NOON + timedelta(minutes=5)),
        matched(initiative, 150, pledge, at=NOON + timedelta(minutes=6)),
        *(supported(initiative, some_id(n), 1, at=NOON + timedelta(minutes=n)) for n in range(1, 5)),
        supported(initiative, some_id(9), 1, at=NOON + timedelta(days=1)),
    )
    page = await initiatives.page(str(initiative))
    assert [(line["type"].split(".")[-2], line["count"]) for line in page["latest"]] == [
        ("support-given", 1),
        ("pledge-matched", 1),
        ("pledge-made", 1),
        ("support-given", 4),
        ("initiative-proposed", 1),
    ]
    assert page["latest"][2]["detail"] == {
        "pledgeId": str(pledge),
        "roundId": None,
        "amountCents": 300,
        "resource": "EUR/2",
        "quantity": None,
        "startsAt": None,
        "endsAt": None,
    }
    assert page["latest"][3]["at"] == "2026-05-01T12:04:00+00:00"
    assert str(ANNA) not in str(page["latest"])


async def test_what_is_about_two_initiatives_stands_on_the_timeline_of_both(initiatives: Initiatives) -> None:
    garden, park = UUID(await initiatives.propose()), UUID(await initiatives.propose())
    session = SessionAnnounced(
        session_id=uuid4(),
        working_form="creative-lab",
        starts_at=NOON,
        ends_at=NOON + timedelta(hours=2),
        initiative_ids=[garden, park],
        host_id=ANNA,
    )
    merge = MergeProposed(merge_id=uuid4(), initiative_id=garden, into_id=park, person_id=ANNA)
    events = [heard(session, at=NOON), heard(merge, at=NOON + timedelta(minutes=1))]
    for _ in range(2):
        await initiatives.hear(*events)
    for one in (garden, park):
        latest = (await initiatives.page(str(one)))["latest"]
        assert [line["type"].split(".")[-2] for line in latest] == ["merge-proposed", "session-announced"]
        assert str(ANNA) not in str(latest)


async def test_the_page_shows_the_newest_fifty(initiatives: Initiatives) -> None:
    initiative = UUID(await initiatives.propose())
    await initiatives.hear(*(pledged(initiative, n, at=NOON + timedelta(seconds=n)) for n in range(1, 71)))
    shown = [line["detail"]["amountCents"] for line in (await initiatives.page(str(initiative)))["latest"]]
    assert shown == list(range(70, 20, -1))


WISHES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3)), max_size=12)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(wishes=WISHES, pledges=st.lists(st.integers(1, 9), max_size=5), data=st.data())
async def test_any_interleaving_of_keys_and_any_batches_give_the_same_page(
    initiatives: Initiatives, wishes: list[tuple[int, int]], pledges: list[int], data: st.DataObject
) -> None:
    towns = [uuid4(), uuid4()]
    versions: dict[tuple[int, int], int] = {}
    queues: dict[Any, list[Recorded[Any]]] = {}
    for wish in wishes:
        versions[wish] = versions.get(wish, 0) + 1
        queues.setdefault(wish, []).append(supported(towns[wish[0]], some_id(wish[1]), versions[wish]))
    for number, cents in enumerate(pledges):
        pledge = uuid4()
        queues[number] = [pledged(towns[0], cents, pledge), matched(towns[0], cents, pledge)]
        if cents % 3 == 0:
            queues[number].append(withdrawn(towns[0], cents, cents, pledge))
    while waiting := [key for key, queue in queues.items() if queue]:
        size = data.draw(st.integers(1, 4))
        batch = [queues[key].pop(0) for key in data.draw(st.permutations(waiting))[:size]]
        await initiatives.hear(*batch)
    kept = sum(cents for cents in pledges if cents % 3)
    rows = await initiatives.rows("select pledged_cents, matched_cents from means where initiative_id = $1", towns[0])
    assert rows == ([(kept, kept)] if pledges else [])
    lines = await initiatives.rows("select sum(count) from timeline where initiative_id = any($1)", towns)
    assert (lines[0][0] or 0) == len(wishes) + 2 * len(pledges) + sum(cents % 3 == 0 for cents in pledges)


def told_in_an_encounter(
    encounter: UUID, initiative: UUID | None, version: int = 1, *, consent: str = "named", words: str = "Meer bankjes"
) -> Recorded[Any]:
    event = EncounterState(
        encounter_id=encounter,
        initiative_id=initiative,
        theme="groen",
        words=words,
        consent=consent,
        contributor_id=ANNA,
    )
    return heard(event, version, at=NOON + timedelta(minutes=version))


def erased(encounter: UUID, version: int) -> Recorded[Any]:
    state = EncounterState(encounter_id=encounter, theme="", words="", consent="")
    return heard(state, version, erases=True)


async def contributions(initiatives: Initiatives, initiative: UUID) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await initiatives.get(f"/initiatives/{initiative}/contributions")).json()["items"]
    assert (await initiatives.page(str(initiative)))["contributions"] == items
    return items


async def test_what_is_told_in_an_encounter_becomes_a_contribution_and_is_announced_once(
    initiatives: Initiatives,
) -> None:
    initiative, encounter = UUID(await initiatives.propose()), uuid4()
    await initiatives.hear(
        told_in_an_encounter(encounter, initiative),
        told_in_an_encounter(encounter, initiative, 2, words="Veel meer bankjes"),
    )
    assert await contributions(initiatives, initiative) == [
        {
            "id": str(contribution_id(encounter)),
            "kind": "text",
            "words": "Veel meer bankjes",
            "origin": "encounter",
            "status": "placed",
            "at": "2026-05-01T12:02:00+00:00",
            "reason": None,
            "answer": None,
            "mediaId": None,
            "sceneId": None,
            "sessionId": None,
            "sessionTitle": None,
            "contributor": {"id": str(ANNA), "name": None},
            "livedExperience": None,
        }
    ]
    offered = [e for e in await initiatives.told() if isinstance(e.event, ContributionOffered)]
    assert [(e.sequence, e.event.origin_id, e.event.contributor_id) for e in offered] == [(1, encounter, ANNA)]  # type: ignore[attr-defined]
    assert "bankjes" not in str(offered[0].event)


async def test_who_agreed_anonymously_is_never_named(initiatives: Initiatives) -> None:
    initiative, encounter = UUID(await initiatives.propose()), uuid4()
    await initiatives.hear(told_in_an_encounter(encounter, initiative, consent="anonymous"))
    assert (await contributions(initiatives, initiative))[0]["contributor"] is None
    assert await initiatives.rows("select contributor_id from contributions") == [(None,)]
    assert str(ANNA) not in str(await initiatives.rows("select body::text from outbox"))


async def test_a_tombstone_erases_the_words_and_no_older_state_brings_them_back(initiatives: Initiatives) -> None:
    initiative, encounter = UUID(await initiatives.propose()), uuid4()
    first, second = (told_in_an_encounter(encounter, initiative, version) for version in (1, 2))
    await initiatives.hear(second)
    await initiatives.hear(erased(encounter, 3))
    await initiatives.hear(first)
    assert await contributions(initiatives, initiative) == []
    assert await initiatives.rows("select words, contributor_id, initiative_id from contributions") == [
        (None, None, None)
    ]


async def test_without_consent_or_initiative_nothing_is_shown(initiatives: Initiatives) -> None:
    initiative = UUID(await initiatives.propose())
    await initiatives.hear(
        told_in_an_encounter(uuid4(), initiative, consent="none"),
        told_in_an_encounter(uuid4(), None),
        told_in_an_encounter(uuid4(), uuid4()),
    )
    assert await contributions(initiatives, initiative) == []
    assert not [e for e in await initiatives.told() if isinstance(e.event, ContributionOffered)]


async def test_contributions_come_in_pages(initiatives: Initiatives) -> None:
    initiative = UUID(await initiatives.propose())
    await initiatives.hear(
        *(told_in_an_encounter(uuid4(), initiative, version, words=str(version)) for version in range(1, 6))
    )
    pages = initiatives.pages(f"/initiatives/{initiative}/contributions", limit=2)
    seen = [[item["words"] for item in items] async for items in pages]
    assert seen == [["5", "4"], ["3", "2"], ["1"]]


async def test_an_encounter_about_no_initiative_is_passed_by(initiatives: Initiatives) -> None:
    noted = EncounterNoted(encounter_id=uuid4(), theme="groen", consent="none", noted_by=ANNA)
    await initiatives.hear(heard(noted))
    assert await initiatives.rows("select * from timeline") == []
