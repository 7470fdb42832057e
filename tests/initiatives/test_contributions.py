"""Contributions over HTTP and from talks and sessions, on real PostgreSQL."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from httpx import Response
from tests.initiatives.conftest import NOON, Initiatives, heard
from tests.support import login, person

from dorpsplein.contracts.initiatives.contributions import (
    ContributionOffered,
    ContributionPlaced,
    ContributionSetAside,
    ContributionState,
    ContributionUsed,
    ContributionWithdrawn,
)
from dorpsplein.contracts.initiatives.links import ContributionLinked, ContributionUnlinked
from dorpsplein.contracts.presence.encounters import EncounterState
from dorpsplein.contracts.presence.harvest import HarvestState
from dorpsplein.contracts.presence.sessions import SessionState
from dorpsplein.envelope import Event, Recorded
from initiatives.api.views import contributions as views
from initiatives.commands.lineage import Link, link
from initiatives.storage.contributions import ON_PAGE


async def offer(initiatives: Initiatives, initiative: str, *, by: str = "boris", **other: Any) -> dict[str, Any]:
    answer = await initiatives.post(f"/initiatives/{initiative}/contributions", {"words": "Een bank", **other}, by=by)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    views.WholeContribution.model_validate(made)
    return made


async def do(initiatives: Initiatives, contribution: str, doing: str, body: Any = None, *, by: str) -> Response:
    return await initiatives.post(f"/contributions/{contribution}/{doing}", body, by=by)


async def listed(initiatives: Initiatives, initiative: str, **query: Any) -> list[dict[str, Any]]:
    answer = await initiatives.get(f"/initiatives/{initiative}/contributions", **query)
    views.ContributionList.model_validate(answer.json())
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def of(initiatives: Initiatives, kind: type[Event]) -> list[Recorded[Any]]:
    return [event for event in await initiatives.told() if type(event.event) is kind]


def refusals(*answers: Response) -> list[tuple[int, str]]:
    return [(answer.status_code, answer.json()["code"]) for answer in answers]


async def use(initiatives: Initiatives, contribution: str, initiative: str) -> UUID:
    scene = uuid4()
    async with initiatives.runtime.database.transaction() as tx:
        used = Link("contribution", UUID(contribution), "scene", scene, "used-in", UUID(initiative))
        await link(tx, [used], now=initiatives.now)
    return scene


async def test_what_is_offered_is_placed_used_and_told_step_by_step(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    made = await offer(initiatives, initiative)
    assert (made["status"], made["kind"], made["contributor"]["id"]) == ("offered", "text", str(person("boris")))
    placed = await do(initiatives, made["id"], "placing", {"sessionId": str(uuid4())}, by="anna")
    assert (placed.status_code, placed.json()["status"], placed.json()["version"]) == (200, "placed", 2)
    await use(initiatives, made["id"], initiative)
    await use(initiatives, made["id"], initiative)
    assert (await listed(initiatives, initiative, status="used"))[0]["id"] == made["id"]
    assert await listed(initiatives, initiative, status="offered") == []
    own = [fact for fact in await initiatives.facts() if fact[0].topic == "initiatives.contribution"]
    assert own == [(ContributionOffered, 1), (ContributionPlaced, 2), (ContributionUsed, 3)]
    states = await of(initiatives, ContributionState)
    assert [(state.sequence, state.event.status) for state in states] == [(1, "offered"), (2, "placed"), (3, "used")]
    kinds = sorted(event.event.kind for event in await of(initiatives, ContributionLinked))
    assert kinds == ["from", "placed", "used-in", "used-in"]
    assert await initiatives.rows(f"select {ON_PAGE}::jsonb->0->>'id' from initiatives i") == [(made["id"],)]


async def test_the_same_offer_under_one_key_is_made_once(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    path = f"/initiatives/{initiative}/contributions"
    answers = [await initiatives.post(path, {"words": "Een bank"}, by="boris", key="k") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(await listed(initiatives, initiative)) == len(await of(initiatives, ContributionOffered)) == 1
    other = await initiatives.post(path, {"words": "Twee banken"}, by="boris", key="k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")


async def test_what_is_set_aside_stays_readable_with_the_reason_and_its_results_are_not_of_it(
    initiatives: Initiatives,
) -> None:
    initiative = await initiatives.propose()
    mine = (await offer(initiatives, initiative, by="anna"))["id"]
    body = {"reason": "no-room-now", "answer": "Dit jaar lukt het niet, volgend jaar graag."}
    aside = (await do(initiatives, mine, "setting-aside", body, by="anna")).json()
    assert (aside["status"], aside["reason"], aside["answer"]) == ("set-aside", *body.values())
    assert (await listed(initiatives, initiative))[0]["answer"] == body["answer"]
    assert len(await of(initiatives, ContributionUnlinked)) == 1
    assert "volgend jaar" not in str([fact.event for fact in await of(initiatives, ContributionSetAside)])
    again = await do(initiatives, mine, "placing", {}, by="anna")
    assert (again.json()["status"], again.json()["reason"]) == ("placed", None)
    placed = [event for event in await of(initiatives, ContributionLinked) if event.event.kind == "placed"]
    assert [event.sequence for event in placed] == [1, 3]


async def test_what_is_taken_back_is_erased_everywhere_and_its_uses_end(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    mine = (await offer(initiatives, initiative, words="Mijn geheime plek"))["id"]
    await use(initiatives, mine, initiative)
    taken = await do(initiatives, mine, "withdrawal", by="boris")
    assert (taken.status_code, taken.json()) == (200, {"id": mine, "status": "withdrawn"})
    assert await listed(initiatives, initiative) == []
    assert (await initiatives.get(f"/contributions/{mine}")).status_code == 404
    assert "geheime" not in str(await initiatives.rows("select o::text from offered o"))
    last = (await of(initiatives, ContributionState))[-1]
    assert (last.erased, last.sequence) == (True, 4)
    assert len(await of(initiatives, ContributionUnlinked)) == 2
    again = await do(initiatives, mine, "withdrawal", by="boris")
    assert (again.status_code, again.json()["code"]) == (422, "not-now")
    lineage = (await initiatives.get(f"/contributions/{mine}/lineage")).json()
    assert {(thing["title"], thing["gone"]) for thing in lineage["things"] if thing["id"] == mine} == {
        (None, "withdrawn")
    }


async def test_who_offers_anonymously_is_named_nowhere_and_still_sees_and_takes_back_what_is_theirs(
    initiatives: Initiatives,
) -> None:
    initiative = await initiatives.propose()
    made = await offer(initiatives, initiative, anonymous=True)
    await do(initiatives, made["id"], "placing", {}, by="anna")
    assert made["contributor"] is None
    boris = str(person("boris"))
    assert boris not in str(await initiatives.rows("select headers, body from outbox")) + str(
        await listed(initiatives, initiative)
    )
    for path in ("/me/contributions", "/me/lineage"):
        own = (await initiatives.client.get(path, headers=login("boris"))).json()["items"]
        assert len(own) == 1, path
    assert (await do(initiatives, made["id"], "withdrawal", by="boris")).status_code == 200


async def test_what_cannot_be_is_refused_and_changes_nothing(initiatives: Initiatives) -> None:
    initiative, ended = await initiatives.propose(), await initiatives.propose()
    made = (await offer(initiatives, initiative))["id"]
    await initiatives.post(f"/initiatives/{ended}/withdrawal", {"reason": "other"}, by="anna")
    before = len(await initiatives.told())
    aside = {"reason": "other", "answer": "Nee"}
    offers = f"/initiatives/{initiative}/contributions"
    answers = [
        await do(initiatives, made, "placing", {}, by="carla"),
        await do(initiatives, made, "setting-aside", aside, by="boris"),
        await do(initiatives, made, "withdrawal", by="anna"),
        await do(initiatives, str(uuid4()), "placing", {}, by="anna"),
        await initiatives.post(f"/initiatives/{ended}/contributions", {"words": "Een bank"}, by="boris"),
        await initiatives.post(f"/initiatives/{uuid4()}/contributions", {"words": "Een bank"}, by="boris"),
        await initiatives.post(offers, {"words": "Een foto", "mediaId": str(uuid4())}, by="boris"),
        await initiatives.post(offers, {"words": "Ik weet het", "livedExperience": "mantelzorg"}, by="boris"),
    ]
    assert refusals(*answers) == [
        *[(403, "not-yours")] * 3,
        (404, "contribution-unknown"),
        (422, "initiative-withdrawn"),
        (404, "initiative-unknown"),
        (404, "media-unknown"),
        (422, "claim-unknown"),
    ]
    malformed = [
        await initiatives.post(offers, {"words": ""}),
        await initiatives.post(offers, {"words": "a", "contributorId": str(uuid4())}),
        await initiatives.post(offers, {"words": "a\u0000b"}),
        await do(initiatives, made, "setting-aside", {"reason": "vind-ik-niks", "answer": "Nee"}, by="anna"),
        await do(initiatives, made, "setting-aside", {"reason": "other"}, by="anna"),
    ]
    assert [answer.status_code for answer in malformed] == [400] * 5
    assert len(await initiatives.told()) == before


PHOTO = """
    insert into media (id, owner_id, status, kind, content_type, bytes, digest, object_id, created_at)
    values ($1, $2, $3, 'image', 'image/png', 9, '', $1, now()) returning 1
"""


async def test_a_photo_of_ones_own_goes_with_the_words_until_it_is_taken_back(initiatives: Initiatives) -> None:
    initiative, photo, waiting = await initiatives.propose(), uuid4(), uuid4()
    await initiatives.rows(PHOTO, photo, person("boris"), "ready")
    await initiatives.rows(PHOTO, waiting, person("boris"), "checking")
    made = await offer(initiatives, initiative, mediaId=str(photo))
    assert (made["kind"], made["mediaId"]) == ("image", str(photo))
    uses = "select used_by_kind, used_by_id from media_uses"
    assert await initiatives.rows(uses) == [("contribution", UUID(made["id"]))]
    path = f"/initiatives/{initiative}/contributions"
    others = await initiatives.post(path, {"words": "Mijn foto", "mediaId": str(photo)}, by="carla")
    unready = await initiatives.post(path, {"words": "Mijn foto", "mediaId": str(waiting)}, by="boris")
    assert refusals(others, unready) == [(404, "media-unknown"), (422, "media-not-ready")]
    await do(initiatives, made["id"], "withdrawal", by="boris")
    assert await initiatives.rows(uses) == []


async def test_those_who_decide_at_once_about_one_contribution_do_it_one_after_the_other(
    initiatives: Initiatives,
) -> None:
    initiative = await initiatives.propose()
    made = (await offer(initiatives, initiative))["id"]
    aside = {"reason": "other", "answer": "Toch niet"}
    answers = await asyncio.gather(
        do(initiatives, made, "placing", {}, by="anna"),
        do(initiatives, made, "setting-aside", aside, by="anna"),
        do(initiatives, made, "placing", {}, by="anna"),
        do(initiatives, made, "withdrawal", by="boris"),
        do(initiatives, made, "withdrawal", by="boris"),
    )
    assert {answer.status_code for answer in answers} <= {200, 403, 422}
    versions = [version for kind, version in await initiatives.facts() if kind.topic == "initiatives.contribution"]
    assert versions == list(range(1, len(versions) + 1))
    assert len(await of(initiatives, ContributionWithdrawn)) == 1
    assert await initiatives.rows("select status, version from offered") == [("withdrawn", len(versions))]
    assert await initiatives.rows("select count(*) from links where ended_at is null") == [(0,)]


async def test_what_is_used_is_not_set_aside_any_more(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    made = (await offer(initiatives, initiative))["id"]
    await use(initiatives, made, initiative)
    refused = await do(initiatives, made, "setting-aside", {"reason": "other", "answer": "Toch niet"}, by="anna")
    assert (refused.status_code, refused.json()["code"]) == (422, "not-now")


def harvested(line: UUID, session: UUID, initiative: UUID | None, version: int = 1, **other: Any) -> Recorded[Any]:
    state = HarvestState(
        harvest_line_id=line,
        session_id=session,
        initiative_id=initiative,
        **{"words": "Meer schaduw", "consent": "named", "contributor_id": person("carla"), **other},
    )
    return heard(state, version, at=NOON + timedelta(minutes=version))


async def test_a_harvest_becomes_contributions_with_their_session_named_and_linked_once(
    initiatives: Initiatives,
) -> None:
    initiative, session, line = await initiatives.propose(), uuid4(), uuid4()
    first = harvested(line, session, UUID(initiative))
    asks = SessionState(
        session_id=session,
        question="Waar zit u graag?",
        working_form="creative-lab",
        status="harvested",
        starts_at=NOON,
        ends_at=NOON,
        initiative_ids=[UUID(initiative)],
    )
    await initiatives.hear(heard(asks))
    await initiatives.hear(first, harvested(uuid4(), session, UUID(initiative), consent="none"))
    await initiatives.hear(first, harvested(line, session, UUID(initiative), 2, words="Veel meer schaduw"))
    (told,) = await listed(initiatives, initiative)
    assert (told["origin"], told["sessionId"], told["status"]) == ("session", str(session), "placed")
    assert told["sessionTitle"] == "Waar zit u graag?"
    assert (told["words"], told["contributor"]["id"]) == ("Veel meer schaduw", str(person("carla")))
    (offered,) = await of(initiatives, ContributionOffered)
    assert (offered.event.origin_id, offered.event.session_id) == (session, session)
    links = await of(initiatives, ContributionLinked)
    assert sorted((one.event.from_kind, one.event.kind) for one in links) == [
        ("contribution", "placed"),
        ("session", "from"),
    ]
    lineage = (await initiatives.get(f"/contributions/{told['id']}/lineage")).json()
    assert [thing["title"] for thing in lineage["things"] if thing["kind"] == "session"] == ["Waar zit u graag?"]
    assert {hop["from"]["kind"] for hop in lineage["hops"]} == {"session", "contribution"}


async def test_when_a_teller_takes_back_what_was_told_the_contribution_is_withdrawn_once(
    initiatives: Initiatives,
) -> None:
    initiative, session, line, encounter = await initiatives.propose(), uuid4(), uuid4(), uuid4()
    talk = EncounterState(
        encounter_id=encounter, initiative_id=UUID(initiative), theme="groen", words="Bankjes", consent="anonymous"
    )
    await initiatives.hear(harvested(line, session, UUID(initiative)), heard(talk))
    gone = [
        harvested(line, session, UUID(initiative), 2, consent="none", words="", contributor_id=None),
        heard(talk, 2, erases=True),
    ]
    for _ in range(2):
        await initiatives.hear(*gone)
    assert await listed(initiatives, initiative) == []
    assert len(await of(initiatives, ContributionWithdrawn)) == 2
    assert len(await of(initiatives, ContributionUnlinked)) == 2
    assert await initiatives.rows("select words, contributor_id, session_id from contributions") == [(None,) * 3] * 2


async def test_what_moderation_has_hidden_is_not_read_and_not_published_again(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    made = (await offer(initiatives, initiative))["id"]
    async with initiatives.runtime.database.transaction() as tx:
        await tx.execute("insert into hidden values ('contribution', $1)", UUID(made))
    await do(initiatives, made, "placing", {}, by="anna")
    assert (await of(initiatives, ContributionState))[-1].erased
    assert await listed(initiatives, initiative) == []
    own = (await initiatives.client.get("/me/contributions", headers=login("boris"))).json()
    views.OwnContributionList.model_validate(own)
    assert (own["items"][0]["hidden"], own["items"][0]["words"]) == (True, None)
    lineage = (await initiatives.get(f"/contributions/{made}/lineage")).json()
    assert (None, "hidden") in {(thing["title"], thing["gone"]) for thing in lineage["things"]}


async def test_my_contributions_and_those_of_an_initiative_come_in_pages(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    for number in range(5):
        initiatives.now = NOON + timedelta(minutes=number)
        await offer(initiatives, initiative, words=str(number))
    pages = initiatives.pages(f"/initiatives/{initiative}/contributions", limit=2)
    assert [[item["words"] for item in items] async for items in pages] == [["4", "3"], ["2", "1"], ["0"]]
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = await initiatives.client.get("/me/lineage", headers=login("boris"), params=query)
        seen.append(len(answer.json()["items"]))
        if (cursor := answer.json()["next"]) is None:
            break
    assert seen == [2, 2, 1]
