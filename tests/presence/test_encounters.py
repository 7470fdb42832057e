"""Encounters over HTTP, noted at once or replayed from the field, on a real database."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.presence.conftest import NOON, Presence
from tests.support import login, person

from dorpsplein.contracts.presence.encounters import EncounterConsentWithdrawn, EncounterNoted, EncounterState
from dorpsplein.identity import Role
from presence.domain.consent import Consent
from presence.domain.encounters import Encounter, Note
from presence.storage import encounters as storage

SECRET_WORDS = "Mijn buurvrouw Wilhelmina is eenzaam"
TALK = {"theme": "care", "consent": "anonymous", "words": SECRET_WORDS}
ANNA = str(person("anna"))
SOUND = str(uuid4())


@pytest.fixture
async def pond(presence: Presence) -> str:
    """An initiative as the projection knows it."""
    pond, gone = uuid4(), uuid4()
    async with presence.runtime.database.transaction() as tx:
        await tx.execute(
            "insert into initiatives (id, title, status, state_version, withdrawn)"
            " values ($1, 'A pond', 'proposed', 1, false), ($2, 'Gone', 'proposed', 1, true)",
            pond,
            gone,
        )
    return str(pond)


async def everything_stored(presence: Presence) -> str:
    """Every row of every table as text."""
    tables = await presence.rows("select table_name from information_schema.tables where table_schema = 'public'")
    rows = [await presence.rows(f'select row_to_json(t)::text from "{name}" as t') for (name,) in tables]
    return str(rows) + str([body for _, _, body in await presence.events()])


async def test_a_talk_is_noted_and_said(presence: Presence, pond: str) -> None:
    place = await presence.place()
    answer = await presence.post("/encounters", TALK | {"placeId": place, "initiativeId": pond})
    assert answer.status_code == 201, answer.text
    assert "words" not in answer.json()
    fact, state = (await presence.events())[2:]
    assert (fact[:2], state[:2]) == ((EncounterNoted, 1), (EncounterState, 1))
    assert "Wilhelmina" not in (fact[2] or b"").decode()
    assert EncounterState.model_validate_json(state[2] or b"") == EncounterState(
        encounter_id=UUID(answer.json()["id"]),
        initiative_id=UUID(pond),
        theme="care",
        words=SECRET_WORDS,
        consent="anonymous",
        noted_by=person("bram"),
        latitude=52.3702,
        longitude=4.8952,
    )
    [mine] = (await presence.get("/encounters/mine", by="bram")).json()["items"]
    assert (mine["words"], mine["initiativeTitle"]) == (SECRET_WORDS, "A pond")
    assert (await presence.get(answer.headers["Location"].removeprefix("/v1"), by="bram")).json() == mine


async def test_without_consent_no_words_are_stored_anywhere(presence: Presence) -> None:
    refused = await presence.post("/encounters", TALK | {"consent": "none"}, key="field")
    assert (refused.status_code, refused.json()["code"]) == (422, "words-without-consent")
    assert "Wilhelmina" not in refused.text
    sound = {"theme": "care", "consent": "none", "mediaId": str(uuid4())}
    assert (await presence.post("/encounters", sound)).json()["code"] == "sound-without-consent"
    assert "Wilhelmina" not in await everything_stored(presence)
    assert await presence.rows("select * from encounters") == []


async def test_the_database_itself_keeps_no_words_and_no_sound_without_consent(presence: Presence) -> None:
    for column, kept in (("words", "'words'"), ("media_id", "uuidv7()")):
        with pytest.raises(asyncpg.CheckViolationError):
            await presence.rows(
                f"insert into encounters (id, noted_by, noted_at, theme, consent, {column})"
                f" values (uuidv7(), uuidv7(), now(), 'care', 'none', {kept})"
            )


async def test_a_talk_in_sound_alone_is_shared_without_words(presence: Presence) -> None:
    talk = {"theme": "care", "consent": "anonymous", "mediaId": SOUND, "becomes": "draft"}
    answer = await presence.post("/encounters", talk)
    assert (answer.status_code, answer.json()["becomes"]) == (201, "draft")
    assert SOUND not in answer.text
    (fact, _, said), (state, _, shared) = await presence.events()
    assert (fact, state) == (EncounterNoted, EncounterState)
    assert SOUND.encode() not in (said or b"")
    told = EncounterState.model_validate_json(shared or b"")
    assert (told.words, str(told.media_id), told.becomes) == ("", SOUND, "draft")
    [mine] = (await presence.get("/encounters/mine", by="bram")).json()["items"]
    assert (mine["words"], mine["mediaId"]) == (None, SOUND)


async def test_a_talk_without_consent_counts_without_words(presence: Presence) -> None:
    answer = await presence.post("/encounters", {"theme": "care", "consent": "none"})
    assert answer.status_code == 201
    assert [event for event, _, _ in await presence.events()] == [EncounterNoted]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"contributorId": ANNA}, "name-without-consent"),
        ({"consent": "named"}, "contributor-missing"),
        ({"placeId": str(uuid4())}, "place-unknown"),
        ({"initiativeId": str(uuid4())}, "initiative-unknown"),
        ({"becomes": "draft", "words": None}, "nothing-to-draft"),
    ],
)
async def test_a_note_about_nothing_or_beyond_consent_changes_nothing(
    presence: Presence, change: dict[str, str], code: str
) -> None:
    answer = await presence.post("/encounters", TALK | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await presence.events() == []


async def test_a_talk_about_a_withdrawn_initiative_is_refused(presence: Presence, pond: str) -> None:
    [(gone,)] = await presence.rows("select id from initiatives where withdrawn")
    answer = await presence.post("/encounters", TALK | {"initiativeId": str(gone)})
    assert (answer.status_code, answer.json()["code"]) == (422, "initiative-withdrawn")


async def test_withdrawn_consent_erases_words_and_name_everywhere(presence: Presence) -> None:
    named = TALK | {"consent": "named", "contributorId": ANNA, "mediaId": SOUND}
    noted = (await presence.post("/encounters", named, key="once")).json()
    await presence.rows("delete from outbox")
    for _ in range(2):
        answer = await presence.post(f"/encounters/{noted['id']}/consent-withdrawal")
        assert (answer.status_code, answer.json()["consent"], answer.json()["withdrawn"]) == (200, "none", True)
    assert await presence.events() == [
        (EncounterConsentWithdrawn, 2, f'{{"encounterId":"{noted["id"]}"}}'.encode()),
        (EncounterState, 2, None),
    ]
    stored = await everything_stored(presence)
    assert "Wilhelmina" not in stored
    assert ANNA not in stored
    assert SOUND not in stored


async def test_who_told_it_takes_consent_back_themself(presence: Presence) -> None:
    noted = (await presence.post("/encounters", TALK | {"consent": "named", "contributorId": ANNA})).json()
    path = f"/encounters/{noted['id']}"
    assert (await presence.get(path, by="anna")).json()["words"] == SECRET_WORDS
    for stranger in ("dora", "chris", "piet"):
        for answer in (
            await presence.get(path, by=stranger),
            await presence.post(f"{path}/consent-withdrawal", by=stranger),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "not-your-encounter")
            assert "Wilhelmina" not in answer.text
    assert (await presence.post(f"{path}/consent-withdrawal", by="anna")).json()["withdrawn"]


async def test_an_operator_erases_what_anyone_noted_without_reading_it(presence: Presence) -> None:
    noted = (await presence.post("/encounters", TALK)).json()
    assert (await presence.get(f"/encounters/{noted['id']}", by="otto")).status_code == 403
    answer = await presence.post(f"/encounters/{noted['id']}/consent-withdrawal", by="otto")
    assert answer.json()["withdrawn"]


async def test_batches_in_opposite_orders_never_wait_for_each_other(presence: Presence) -> None:
    talks = [Encounter(Note(uuid4(), person("bram"), "care", Consent.NONE), NOON) for _ in range(20_000)]

    async def add(these: list[Encounter]) -> int:
        async with presence.runtime.database.transaction() as tx:
            return len(await storage.add(tx, these, [], NOON))

    assert sum(await asyncio.gather(add(talks), add(talks[::-1]))) == 20_000


async def test_the_id_of_another_officers_talk_is_taken(presence: Presence) -> None:
    kept = TALK | {"id": str(uuid4())}
    await presence.post("/encounters", kept)
    answer = await presence.client.post("/encounters", json=kept, headers=login("dirk", Role.ARRANGER))
    assert (answer.status_code, answer.json()["code"]) == (409, "encounter-id-taken")
    assert "Wilhelmina" not in answer.text
    assert (await presence.get("/encounters/mine", by="bram")).json()["items"]
    mine = await presence.client.get("/encounters/mine", headers=login("dirk", Role.ARRANGER))
    assert mine.json()["items"] == []


async def test_ones_own_talks_are_read_page_by_page(presence: Presence) -> None:
    ids = []
    for _ in range(5):
        presence.now += timedelta(seconds=1)
        ids.append((await presence.post("/encounters", TALK)).json()["id"])
    seen = await presence.pages("/encounters/mine", by="bram", limit=2)
    assert [item["id"] for item in seen] == ids[::-1]
