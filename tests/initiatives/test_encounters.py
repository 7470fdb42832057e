"""Talks in the field, as they come from presence: heard with their sound, and those that become a draft."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.initiatives.conftest import GARDEN, Initiatives, heard
from tests.support import login, person

from dorpsplein.contracts.initiatives.contributions import ContributionOffered, ContributionWithdrawn
from dorpsplein.contracts.initiatives.links import ContributionLinked, ContributionUnlinked
from dorpsplein.contracts.presence.encounters import EncounterState
from dorpsplein.envelope import Recorded
from dorpsplein.identity import Role
from initiatives.api import views
from initiatives.domain import drafts as drafts_domain
from initiatives.domain.encounters import contribution_id, draft_of

BRAM, ANNA = person("bram"), person("anna")
SOUND = """
    insert into media (id, owner_id, status, kind, content_type, bytes, digest, object_id, created_at)
    values ($1, $2, $3, $4, 'audio/mp4', 9, '', $1, now()) returning 1
"""


def told(encounter: UUID, **other: Any) -> EncounterState:
    """A talk that Bram noted at the sports canteen."""
    said: dict[str, Any] = {"theme": "groen", "words": "Meer bankjes", "consent": "anonymous", "noted_by": BRAM}
    return EncounterState(encounter_id=encounter, **said | other)


def to_draft(encounter: UUID, **other: Any) -> Recorded[Any]:
    there = {"latitude": 52.37, "longitude": 4.9, "neighbourhood": "noord"}
    return heard(told(encounter, becomes="draft", **there | other))


def erased(encounter: UUID) -> Recorded[Any]:
    return heard(EncounterState(encounter_id=encounter, theme="", words="", consent=""), 2, erases=True)


async def drafts(initiatives: Initiatives, by: str = "bram") -> list[dict[str, Any]]:
    answer = await initiatives.client.get("/drafts", headers=login(by))
    views.drafts.DraftList.model_validate(answer.json())
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def keep(initiatives: Initiatives, draft: dict[str, Any], by: str = "bram", **content: Any) -> dict[str, Any]:
    headers = login(by) | {"If-Match": f'"{draft["version"]}"'}
    answer = await initiatives.client.put(f"/drafts/{draft['id']}", json=draft["content"] | content, headers=headers)
    assert answer.status_code == 200, answer.text
    kept: dict[str, Any] = answer.json()
    return kept


async def contributions(initiatives: Initiatives, initiative: UUID | str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await initiatives.get(f"/initiatives/{initiative}/contributions")).json()["items"]
    return items


async def of(initiatives: Initiatives, *kinds: type[Any]) -> list[Recorded[Any]]:
    return [event for event in await initiatives.told() if type(event.event) in kinds]


async def is_public(initiatives: Initiatives, media: UUID) -> bool:
    return (await initiatives.get(f"/media/{media}")).status_code == 200


@pytest.mark.parametrize("sound_first", [True, False])
async def test_a_talk_is_heard_with_its_sound_whichever_comes_first(
    initiatives: Initiatives, sound_first: bool
) -> None:
    initiative, encounter, sound = UUID(await initiatives.propose()), uuid4(), uuid4()
    if sound_first:
        await initiatives.rows(SOUND, sound, BRAM, "ready", "audio")
    await initiatives.hear(heard(told(encounter, initiative_id=initiative, media_id=sound)))
    if not sound_first:
        [shown] = await contributions(initiatives, initiative)
        assert (shown["kind"], shown["words"], shown["mediaId"]) == ("text", "Meer bankjes", None)
        await initiatives.rows(SOUND, sound, BRAM, "checking", "audio")
        [shown] = await contributions(initiatives, initiative)
        assert shown["mediaId"] is None
        assert not await is_public(initiatives, sound)
        await initiatives.rows("update media set status = 'ready'")
    [shown] = await contributions(initiatives, initiative)
    assert (shown["kind"], shown["words"], shown["mediaId"]) == ("audio", "Meer bankjes", str(sound))
    assert await is_public(initiatives, sound)


async def test_a_talk_in_sound_alone_is_shown_once_it_can_be_heard(initiatives: Initiatives) -> None:
    initiative, sound = UUID(await initiatives.propose()), uuid4()
    await initiatives.hear(heard(told(uuid4(), initiative_id=initiative, media_id=sound, words="")))
    assert await contributions(initiatives, initiative) == []
    await initiatives.rows(SOUND, sound, BRAM, "ready", "audio")
    [shown] = await contributions(initiatives, initiative)
    assert (shown["kind"], shown["words"], shown["mediaId"]) == ("audio", "", str(sound))


@pytest.mark.parametrize(("owner", "kind"), [(ANNA, "audio"), (BRAM, "image")])
async def test_media_that_are_no_sound_of_who_noted_it_are_passed_by(
    initiatives: Initiatives, owner: UUID, kind: str
) -> None:
    initiative, media = UUID(await initiatives.propose()), uuid4()
    await initiatives.rows(SOUND, media, owner, "ready", kind)
    await initiatives.hear(heard(told(uuid4(), initiative_id=initiative, media_id=media)))
    [shown] = await contributions(initiatives, initiative)
    assert (shown["kind"], shown["words"], shown["mediaId"]) == ("text", "Meer bankjes", None)
    assert not await is_public(initiatives, media)


async def test_a_sound_goes_for_good_when_its_teller_takes_it_back(initiatives: Initiatives) -> None:
    initiative, encounter, sound = UUID(await initiatives.propose()), uuid4(), uuid4()
    await initiatives.rows(SOUND, sound, BRAM, "ready", "audio")
    state = heard(told(encounter, initiative_id=initiative, media_id=sound))
    await initiatives.hear(state)
    refused = await initiatives.client.delete(f"/media/{sound}", headers=login("bram"))
    assert refused.json()["code"] == "media-in-use"
    for _ in range(2):
        await initiatives.hear(erased(encounter))
        await initiatives.hear(state)
    assert await contributions(initiatives, initiative) == []
    assert await initiatives.rows("select id from media") == []
    assert await initiatives.rows("select * from told_sounds") == []
    assert (f"media/{sound}",) in await initiatives.rows("select prefix from media_removals")


async def test_a_sound_that_stands_in_something_else_too_stays_there(initiatives: Initiatives) -> None:
    initiative, encounter, sound = await initiatives.propose(), uuid4(), uuid4()
    await initiatives.rows(SOUND, sound, BRAM, "ready", "audio")
    path = f"/initiatives/{initiative}/contributions"
    own, bram = {"words": "Hoor!", "mediaId": str(sound)}, login("bram", Role.RESIDENT)
    assert (await initiatives.client.post(path, json=own, headers=bram)).status_code == 201
    await initiatives.hear(heard(told(encounter, initiative_id=UUID(initiative), media_id=sound)))
    await initiatives.hear(erased(encounter))
    [shown] = await contributions(initiatives, initiative)
    assert (shown["words"], shown["mediaId"]) == ("Hoor!", str(sound))
    assert await is_public(initiatives, sound)


async def test_what_moderation_hides_is_not_heard(initiatives: Initiatives) -> None:
    initiative, encounter, sound = UUID(await initiatives.propose()), uuid4(), uuid4()
    await initiatives.rows(SOUND, sound, BRAM, "ready", "audio")
    await initiatives.hear(heard(told(encounter, initiative_id=initiative, media_id=sound)))
    await initiatives.rows("insert into hidden values ('contribution', $1) returning 1", contribution_id(encounter))
    assert await contributions(initiatives, initiative) == []
    assert not await is_public(initiatives, sound)


async def test_a_talk_becomes_a_draft_of_who_noted_it_or_of_its_named_teller(initiatives: Initiatives) -> None:
    anonymous, named, not_shared = uuid4(), uuid4(), uuid4()
    await initiatives.hear(
        to_draft(anonymous),
        to_draft(named, consent="named", contributor_id=ANNA, latitude=None, neighbourhood=None),
        to_draft(not_shared, consent="none"),
    )
    [mine] = await drafts(initiatives)
    assert (mine["encounterId"], mine["version"]) == (str(anonymous), 1)
    assert mine["content"] == {
        "summary": "Meer bankjes",
        "theme": "groen",
        "neighbourhood": "noord",
        "place": {"latitude": 52.37, "longitude": 4.9},
    }
    [hers] = await drafts(initiatives, "anna")
    assert (hers["encounterId"], hers["content"]) == (str(named), {"summary": "Meer bankjes", "theme": "groen"})
    assert await initiatives.told() == []


@pytest.mark.parametrize("ending", ["stands", "proposal", "thrown away"])
async def test_a_talk_becomes_one_draft_whatever_became_of_it(initiatives: Initiatives, ending: str) -> None:
    encounter = uuid4()
    await initiatives.hear(to_draft(encounter), to_draft(encounter))
    [draft] = await drafts(initiatives)
    if ending == "proposal":
        await keep(initiatives, draft, title="Bankjes")
        assert (await initiatives.post(f"/drafts/{draft['id']}/proposal", by="bram")).status_code == 201
    elif ending == "thrown away":
        await initiatives.client.delete(f"/drafts/{draft['id']}", headers=login("bram"))
    said, left = len(await initiatives.told()), await drafts(initiatives)
    await initiatives.hear(to_draft(encounter))
    await initiatives.rows("delete from contributions")  # a rebuild throws them away and makes them again
    await initiatives.hear(to_draft(encounter))
    assert await drafts(initiatives) == left
    assert len(await initiatives.told()) == said


async def test_the_talk_is_the_first_contribution_of_what_its_draft_becomes(initiatives: Initiatives) -> None:
    encounter, sound = uuid4(), uuid4()
    await initiatives.rows(SOUND, sound, BRAM, "ready", "audio")
    await initiatives.hear(to_draft(encounter, consent="named", contributor_id=ANNA, media_id=sound))
    [draft] = await drafts(initiatives, "anna")
    await keep(initiatives, draft, "anna", title="Bankjes", summary="Overal bankjes.")
    proposed = await initiatives.post(f"/drafts/{draft['id']}/proposal", by="anna")
    assert proposed.status_code == 201, proposed.text
    initiative = proposed.json()["id"]
    [shown] = await contributions(initiatives, initiative)
    assert (shown["id"], shown["words"], shown["kind"], shown["status"]) == (
        str(contribution_id(encounter)),
        "Meer bankjes",
        "audio",
        "placed",
    )
    [offered] = await of(initiatives, ContributionOffered)
    assert (str(offered.event.initiative_id), offered.event.origin_id, offered.event.contributor_id) == (
        initiative,
        encounter,
        ANNA,
    )
    assert {(link.event.from_kind, link.event.kind) for link in await of(initiatives, ContributionLinked)} == {
        ("contribution", "placed"),
        ("encounter", "from"),
    }
    mine = (await initiatives.client.get("/me/contributions", headers=login("anna"))).json()["items"]
    assert [(one["id"], one["kind"]) for one in mine] == [(shown["id"], "audio")]
    [lineage] = (await initiatives.client.get("/me/lineage", headers=login("anna"))).json()["items"]
    ends = {(hop["from"]["kind"], hop["to"]["kind"]) for hop in lineage["hops"]}
    assert ends == {("encounter", "contribution"), ("contribution", "initiative")}
    await initiatives.hear(erased(encounter))
    assert await contributions(initiatives, initiative) == []
    assert len(await of(initiatives, ContributionWithdrawn)) == 1
    assert len(await of(initiatives, ContributionUnlinked)) == 1


async def test_a_draft_goes_with_the_words_it_began_with_unless_somebody_wrote_on(initiatives: Initiatives) -> None:
    bare, edited = uuid4(), uuid4()
    await initiatives.hear(to_draft(bare), to_draft(edited))
    by_talk = {draft["encounterId"]: draft for draft in await drafts(initiatives)}
    await keep(initiatives, by_talk[str(edited)], title="Bankjes", summary="Mijn eigen woorden.")
    await initiatives.hear(erased(bare), erased(edited))
    [left] = await drafts(initiatives)
    assert (left["encounterId"], left["content"]["summary"]) == (None, "Mijn eigen woorden.")
    assert await initiatives.rows("select count(*) from drafts where content::text like '%Meer%'") == [(0,)]
    proposed = await initiatives.post(f"/drafts/{left['id']}/proposal", by="bram")
    assert proposed.status_code == 201
    assert await contributions(initiatives, proposed.json()["id"]) == []
    await initiatives.hear(to_draft(bare), to_draft(edited))
    assert await drafts(initiatives) == []


async def test_an_arranger_hands_over_what_a_nameless_talk_became(initiatives: Initiatives) -> None:
    await initiatives.hear(to_draft(uuid4()))
    [draft] = await drafts(initiatives)
    await keep(initiatives, draft, title="Bankjes")
    proposed = await initiatives.post(f"/drafts/{draft['id']}/proposal", by="bram")
    path = f"/initiatives/{proposed.json()['id']}"
    assert (await initiatives.post(f"{path}/invitations", {"personId": str(ANNA)}, by="bram")).status_code == 200
    assert (await initiatives.post(f"{path}/invitations/acceptance", by="anna")).status_code == 200
    left = await initiatives.client.delete(f"{path}/initiators/me", headers=login("bram"))
    assert (left.status_code, left.json()["initiator"]["id"]) == (200, str(ANNA))


async def test_a_talk_that_was_taken_back_before_it_was_heard_of_begins_no_draft(initiatives: Initiatives) -> None:
    encounter = uuid4()
    await initiatives.hear(erased(encounter))
    await initiatives.hear(to_draft(encounter, media_id=uuid4()))
    assert await drafts(initiatives) == []
    assert await initiatives.rows("select * from told_sounds") == []


async def test_a_proposal_and_the_teller_taking_it_back_at_once_leave_no_words_as_a_contribution(
    initiatives: Initiatives,
) -> None:
    for _ in range(10):
        encounter = uuid4()
        await initiatives.hear(to_draft(encounter))
        [draft] = await drafts(initiatives)
        await keep(initiatives, draft, title="Bankjes", summary="Mijn eigen woorden.")
        proposed, _ = await asyncio.gather(
            initiatives.post(f"/drafts/{draft['id']}/proposal", by="bram"), initiatives.hear(erased(encounter))
        )
        assert proposed.status_code == 201, proposed.text
        assert await contributions(initiatives, proposed.json()["id"]) == []
    shown = "select count(*) from offered where status <> 'withdrawn'"
    assert await initiatives.rows(shown) == [(0,)]


async def test_drafts_of_talks_leave_the_room_for_ones_own(
    initiatives: Initiatives, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts_domain, "MOST_DRAFTS", 2)
    for _ in range(2):
        assert (await initiatives.post("/drafts", {}, by="anna")).status_code == 201
    named = {"consent": "named", "contributor_id": ANNA}
    await initiatives.hear(to_draft(uuid4(), **named), to_draft(uuid4(), **named))
    assert len(await drafts(initiatives, "anna")) == 4
    full = await initiatives.post("/drafts", {}, by="anna")
    assert full.json()["code"] == "too-many-drafts"
    own = [draft for draft in await drafts(initiatives, "anna") if draft["encounterId"] is None]
    await initiatives.client.delete(f"/drafts/{own[0]['id']}", headers=login("anna"))
    assert (await initiatives.post("/drafts", {"title": GARDEN["title"]}, by="anna")).status_code == 201


def test_a_talk_in_sound_alone_becomes_a_draft_without_a_summary() -> None:
    draft = draft_of(told(uuid4(), becomes="draft", words="", media_id=uuid4()))
    assert draft is not None
    assert draft.content == {"theme": "groen"}


def test_a_talk_that_nobody_is_known_to_write_becomes_no_draft() -> None:
    assert draft_of(told(uuid4())) is None
    assert draft_of(told(uuid4(), becomes="draft", noted_by=None)) is None
