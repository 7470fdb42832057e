"""Lived experience over HTTP: claimed by oneself only, shown beside a contribution, gone at once."""

from typing import Any

from fastapi.routing import APIRoute
from tests.initiatives.conftest import Initiatives
from tests.support import login, person

from dorpsplein.contracts.initiatives.experience import (
    LivedExperienceClaimed,
    LivedExperienceState,
    LivedExperienceWithdrawn,
)
from dorpsplein.identity import Role
from initiatives.api.views import experience as views
from initiatives.app import SERVICE

TOPIC = "/me/lived-experience/mantelzorg"
WORDS = "Zeven jaar voor mijn moeder gezorgd."


async def claim(initiatives: Initiatives, words: str = WORDS, *, by: str = "boris") -> None:
    answer = await initiatives.client.put(TOPIC, json={"words": words}, headers=login(by))
    assert answer.status_code == 200, answer.text


async def own(initiatives: Initiatives, by: str = "boris") -> list[dict[str, Any]]:
    answer = (await initiatives.client.get("/me/lived-experience", headers=login(by))).json()
    views.ClaimList.model_validate(answer)
    items: list[dict[str, Any]] = answer["items"]
    return items


async def beside(initiatives: Initiatives, initiative: str) -> list[Any]:
    items = (await initiatives.get(f"/initiatives/{initiative}/contributions")).json()["items"]
    return [item["livedExperience"] for item in items]


async def offer(initiatives: Initiatives, initiative: str, by: str = "boris") -> int:
    body = {"words": "Een bank bij de halte", "livedExperience": "mantelzorg"}
    return (await initiatives.post(f"/initiatives/{initiative}/contributions", body, by=by)).status_code


async def test_a_claim_stands_beside_what_one_brings_in_and_vanishes_everywhere_when_taken_back(
    initiatives: Initiatives,
) -> None:
    initiative = await initiatives.propose()
    await claim(initiatives)
    assert await offer(initiatives, initiative) == 201
    assert await beside(initiatives, initiative) == [{"topic": "mantelzorg", "words": WORDS}]
    await claim(initiatives, "Acht jaar.")
    assert await beside(initiatives, initiative) == [{"topic": "mantelzorg", "words": "Acht jaar."}]
    assert [(one["words"], one["beside"]) for one in await own(initiatives)] == [("Acht jaar.", 1)]
    assert (await initiatives.client.delete(TOPIC, headers=login("boris"))).status_code == 204
    assert await beside(initiatives, initiative) == [None]
    assert await own(initiatives) == []
    assert "jaar" not in str(await initiatives.rows("select e::text from lived_experience e"))
    await claim(initiatives)
    assert await beside(initiatives, initiative) == [None], "what was taken back does not come back by itself"


async def test_facts_of_a_claim_hold_nothing_and_its_state_is_erased(initiatives: Initiatives) -> None:
    await claim(initiatives)
    await claim(initiatives)
    await initiatives.client.delete(TOPIC, headers=login("boris"))
    told = await initiatives.told()
    assert [(type(event.event), event.sequence, event.erased) for event in told] == [
        (LivedExperienceClaimed, 1, False),
        (LivedExperienceState, 1, False),
        (LivedExperienceWithdrawn, 2, False),
        (LivedExperienceState, 2, True),
    ]
    assert str(person("boris")) not in str(await initiatives.rows("select headers, body from outbox"))
    assert (await initiatives.client.delete(TOPIC, headers=login("boris"))).json()["code"] == "claim-unknown"


async def test_nobody_uses_the_claim_of_somebody_else_or_takes_it_back(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    await claim(initiatives)
    assert await offer(initiatives, initiative, by="carla") == 422
    assert (await initiatives.client.delete(TOPIC, headers=login("carla"))).status_code == 404
    assert len(await own(initiatives)) == 1
    assert await own(initiatives, "carla") == []


async def test_no_route_and_no_role_sets_lived_experience_for_somebody_else(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    writing = {
        route.path
        for router in SERVICE.routers
        for route in router.routes
        if isinstance(route, APIRoute) and (route.methods or set()) - {"GET", "HEAD"} and "experience" in route.path
    }
    assert writing == {"/me/lived-experience/{topic}"}
    boris = str(person("boris"))
    for role in Role:
        headers = login("someone", role)
        for extra in ("personId", "person_id", "contributorId"):
            answer = await initiatives.client.put(TOPIC, json={"words": WORDS, extra: boris}, headers=headers)
            assert answer.status_code == 400, (role, extra)
            offered = {"words": "a", "livedExperience": "mantelzorg", extra: boris}
            path = f"/initiatives/{initiative}/contributions"
            assert (await initiatives.client.post(path, json=offered, headers=headers)).status_code in {400, 403}
        await initiatives.client.put(TOPIC, json={"words": WORDS}, headers=headers)
    assert await own(initiatives, "boris") == []
    assert await initiatives.rows("select count(distinct person_id) from lived_experience") == [(1,)]
