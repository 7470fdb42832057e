"""Imports: the same commands, many at a time."""

import asyncio
import hashlib
import json
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4, uuid5

from httpx import Response
from tests.initiatives.conftest import Initiatives
from tests.support import SECRET, person

from dorpsplein.contracts.initiatives.initiatives import InitiativeProposed, InitiativeState
from dorpsplein.contracts.initiatives.supports import SupportGiven
from dorpsplein.identity import pseudonym
from dorpsplein.settings import NAMESPACE
from initiatives.commands.imports import Item
from initiatives.domain.initiative import Content
from initiatives.domain.support import support_id

SOURCE = "pabulib-nl-amsterdam-267"


def project(reference: str, **other: Any) -> dict[str, Any]:
    item = {"reference": reference, "title": f"Project {reference}", "summary": "Groen", "theme": "meer-groen"}
    return item | {"meansNeededCents": 1_200_000} | other


async def bring(initiatives: Initiatives, *items: dict[str, Any], by: str = "saar") -> Response:
    return await initiatives.post("/initiatives/bulk", {"source": SOURCE, "items": items}, by=by)


async def bring_supports(initiatives: Initiatives, *items: tuple[Any, str], by: str = "saar") -> Response:
    sent = [{"initiativeId": str(initiative), "supporterReference": voter} for initiative, voter in items]
    return await initiatives.post("/supports/bulk", {"source": SOURCE, "items": sent}, by=by)


async def test_initiatives_get_the_id_of_their_reference_and_repeating_changes_nothing(
    initiatives: Initiatives,
) -> None:
    items = [project("1"), project("2", latitude=52.4, longitude=5)]
    first = (await bring(initiatives, *items)).json()["items"]
    assert first == [
        {"reference": n, "id": str(uuid5(NAMESPACE, f"initiative/{SOURCE}/{n}")), "created": True} for n in "12"
    ]
    told = await initiatives.told()
    assert [type(event.event) for event in told] == [InitiativeProposed, InitiativeState] * 2
    proposed = told[0].event
    assert isinstance(proposed, InitiativeProposed)
    assert (proposed.channel, proposed.initiator_id, proposed.means_needed_cents) == (
        "import",
        person("saar"),
        1_200_000,
    )
    again = (await bring(initiatives, *items, project("3"))).json()["items"]
    assert [item["created"] for item in again] == [False, False, True]
    assert len(await initiatives.told()) == 6
    assert (await initiatives.page(first[1]["id"]))["place"] == {"latitude": 52.4, "longitude": 5}


async def test_other_content_for_a_reference_is_refused_and_nothing_is_stored(initiatives: Initiatives) -> None:
    await bring(initiatives, project("1"))
    answer = await bring(initiatives, project("2"), project("1", title="Anders"))
    assert (answer.status_code, answer.json()["code"], answer.json()["reference"]) == (409, "reference-taken", "1")
    twice = await bring(initiatives, project("3"), project("3", summary="Anders"))
    assert (twice.status_code, twice.json()["reference"]) == (409, "3")
    assert len(await initiatives.found()) == 1


async def test_an_imported_initiative_that_was_edited_since_is_still_the_same_import(initiatives: Initiatives) -> None:
    imported = (await bring(initiatives, project("1"))).json()["items"][0]["id"]
    assert (await initiatives.patch(imported, 1, by="saar", title="Beter")).status_code == 200
    assert (await bring(initiatives, project("1"))).json()["items"][0]["created"] is False
    assert (await initiatives.page(imported))["title"] == "Beter"


async def test_a_neighbourhood_comes_with_an_import_and_is_part_of_what_was_brought_in(
    initiatives: Initiatives,
) -> None:
    imported = (await bring(initiatives, project("1", neighbourhood="noord"))).json()["items"][0]["id"]
    assert (await initiatives.page(imported))["neighbourhood"] == "noord"
    other = await bring(initiatives, project("1", neighbourhood="zuid"))
    assert (other.status_code, other.json()["code"]) == (409, "reference-taken")


def test_what_was_imported_before_there_were_neighbourhoods_is_still_the_same_import() -> None:
    content = Content("Project 1", "Groen", "meer-groen", None, 1_200_000)
    before = {"title": "Project 1", "summary": "Groen", "theme": "meer-groen", "place": None}
    stored = hashlib.sha256(json.dumps(before | {"means_needed_cents": 1_200_000}, sort_keys=True).encode()).digest()
    assert Item("1", content).digest == stored
    assert Item("1", replace(content, neighbourhood="noord")).digest != stored


async def test_the_same_import_twice_at_once_stores_everything_once(initiatives: Initiatives) -> None:
    items = [project(str(number)) for number in range(50)]
    answers = await asyncio.gather(*(bring(initiatives, *items) for _ in range(4)))
    assert sum(item["created"] for answer in answers for item in answer.json()["items"]) == 50
    assert len(await initiatives.facts()) == 50


async def test_supports_are_given_by_pseudonym_and_repeating_changes_nothing(initiatives: Initiatives) -> None:
    one, two = (UUID(item["id"]) for item in (await bring(initiatives, project("1"), project("2"))).json()["items"])
    votes = [(one, "voter 1"), (two, "voter 1"), (one, "voter 2"), (one, "voter 1")]
    assert (await bring_supports(initiatives, *votes)).json() == {"given": 3, "already": 1}
    assert (await bring_supports(initiatives, *votes, (two, "voter 2"))).json() == {"given": 1, "already": 4}
    given = [event.event for event in await initiatives.told() if isinstance(event.event, SupportGiven)]
    voter = pseudonym(SECRET, f"import:{SOURCE}", "voter 1")
    assert (given[0].supporter_id, given[0].support_id, given[0].channel) == (
        voter,
        support_id(SECRET, one, voter),
        "import",
    )
    await initiatives.catch_up()
    assert [(await initiatives.page(str(initiative)))["supports"] for initiative in (one, two)] == [2, 2]


async def test_one_support_that_cannot_be_given_refuses_all_and_every_one_is_named(initiatives: Initiatives) -> None:
    one, two = (item["id"] for item in (await bring(initiatives, project("1"), project("2"))).json()["items"])
    await initiatives.post(f"/initiatives/{two}/withdrawal", {"reason": "other"}, by="saar")
    answer = await bring_supports(initiatives, (one, "a"), (uuid4(), "a"), (two, "a"))
    assert (answer.status_code, answer.json()["code"]) == (422, "supports-refused")
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
        ("/items/1", "initiative-unknown"),
        ("/items/2", "initiative-withdrawn"),
    ]
    assert await initiatives.rows("select * from supports") == []
    assert SupportGiven not in [kind for kind, _ in await initiatives.facts()]


async def test_two_thousand_supports_go_in_one_request(initiatives: Initiatives) -> None:
    one = (await bring(initiatives, project("1"))).json()["items"][0]["id"]
    answer = await bring_supports(initiatives, *((one, f"voter {number}") for number in range(2000)))
    assert answer.json() == {"given": 2000, "already": 0}
    await initiatives.catch_up()
    assert (await initiatives.page(one))["supports"] == 2000
