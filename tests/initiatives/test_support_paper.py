"""Paper and booths: signatures on sheets are supports like any other, and a batch of them can be put right."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

from httpx import Response
from tests.initiatives.conftest import Initiatives
from tests.support import SECRET, login, person

from dorpsplein.contracts.initiatives.supports import (
    PaperBatchCounted,
    PaperBatchRecounted,
    PaperBatchUndone,
    SupportGiven,
    SupportWithdrawn,
)
from dorpsplein.identity import Role
from initiatives.domain.support import former_id, support_id

ONE, TWO = UUID(int=1), UUID(int=2)


def lines(*references: str) -> list[dict[str, Any]]:
    return [{"reference": reference} for reference in references]


def known(*people: str) -> list[dict[str, Any]]:
    return [{"supporterId": str(person(one))} for one in people]


async def count(
    initiatives: Initiatives, initiative: str, sheets: list[Any], batch: UUID = ONE, *, by: str = "bram"
) -> Response:
    body = {"batchId": str(batch), "lines": sheets}
    return await initiatives.post(f"/initiatives/{initiative}/paper-batches", body, by=by)


async def recount(initiatives: Initiatives, sheets: list[Any], batch: UUID = ONE, *, by: str = "bram") -> Response:
    return await initiatives.client.put(f"/paper-batches/{batch}", json={"lines": sheets}, headers=login(by))


async def undo(initiatives: Initiatives, batch: UUID = ONE, *headers: Any) -> Response:
    return await initiatives.client.delete(f"/paper-batches/{batch}", headers=headers[0] if headers else login("bram"))


async def supports(initiatives: Initiatives, initiative: str) -> int:
    """How many support it; the count, the rows and the facts must agree on that."""
    page = (await initiatives.page(initiative))["supports"]
    rows = await initiatives.rows("select count(*) from supports where given and initiative_id = $1", UUID(initiative))
    told = [event.event for event in await initiatives.told()]
    given, gone = (sum(isinstance(event, kind) for event in told) for kind in (SupportGiven, SupportWithdrawn))
    assert page == rows[0][0] == given - gone
    return int(page)


async def test_lines_of_a_batch_count_once_whatever_else_they_stand_on(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    await initiatives.support(initiative, by="carla")
    first = await count(initiatives, initiative, lines("1/1", "1/2", "1/2", "1/3") + known("carla", "dirk"))
    assert first.status_code == 200, first.text
    assert {**first.json(), "countedAt": ""} == {
        "id": str(ONE),
        "version": 1,
        "initiativeId": initiative,
        "officerId": str(person("bram")),
        "status": "counted",
        "supports": 5,
        "countedAt": "",
    }
    assert await supports(initiatives, initiative) == 5
    assert (await count(initiatives, initiative, lines("1/3", "2/1"), TWO)).json()["supports"] == 2
    assert await supports(initiatives, initiative) == 6
    await initiatives.support(initiative, by="dirk")
    assert await supports(initiatives, initiative) == 6
    facts = [event.event for event in await initiatives.told() if isinstance(event.event, SupportGiven)]
    assert {(fact.channel, fact.batch_id) for fact in facts[1:]} == {("paper", ONE), ("paper", TWO)}
    counted = [event.event for event in await initiatives.told() if isinstance(event.event, PaperBatchCounted)]
    assert [(fact.officer_id, fact.supports) for fact in counted] == [(person("bram"), 5), (person("bram"), 2)]


async def test_the_same_batch_again_is_counted_once_also_when_sent_twice_at_once(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    answers = await asyncio.gather(*(count(initiatives, initiative, lines("1", "2")) for _ in range(5)))
    assert {answer.text for answer in answers} == {answers[0].text}
    assert await supports(initiatives, initiative) == 2
    told = len(await initiatives.told())
    others = [
        await count(initiatives, initiative, lines("1", "3")),
        await count(initiatives, initiative, lines("1", "2"), by="saar"),
    ]
    assert [(one.status_code, one.json()["code"]) for one in others] == [(409, "id-taken")] * 2
    assert len(await initiatives.told()) == told


async def test_a_batch_is_put_right_line_by_line(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    await count(initiatives, initiative, lines("1", "2", "3") + known("carla"))
    await count(initiatives, initiative, lines("3"), TWO)
    await initiatives.support(initiative, by="carla")
    corrected = await recount(initiatives, lines("2", "4"))
    assert (corrected.json()["version"], corrected.json()["supports"]) == (2, 2)
    assert await supports(initiatives, initiative) == 4
    withdrawn = [event.event for event in await initiatives.told() if isinstance(event.event, SupportWithdrawn)]
    assert [fact.reason for fact in withdrawn] == ["paper-recounted"]
    told = len(await initiatives.told())
    assert (await recount(initiatives, lines("4", "2"))).json() == corrected.json()
    assert len(await initiatives.told()) == told


async def test_a_batch_is_undone_as_a_whole_and_once(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    await initiatives.support(initiative, by="carla")
    await count(initiatives, initiative, lines("1", "2") + known("carla", "dirk"))
    await count(initiatives, initiative, lines("2"), TWO)
    first = await undo(initiatives)
    assert (first.json()["status"], first.json()["supports"]) == ("undone", 0)
    assert await supports(initiatives, initiative) == 2
    again = await undo(initiatives)
    assert again.json() == first.json()
    assert await supports(initiatives, initiative) == 2
    kinds = [kind for kind, _ in await initiatives.facts()]
    assert kinds.count(PaperBatchUndone) == 1
    late = await recount(initiatives, lines("1"))
    assert (late.status_code, late.json()["code"]) == (422, "batch-undone")
    gone = [event.event for event in await initiatives.told() if isinstance(event.event, SupportWithdrawn)]
    assert [fact.reason for fact in gone] == ["paper-undone"] * 2


async def test_a_yes_taken_back_on_screen_stays_taken_back_when_its_paper_goes(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    await count(initiatives, initiative, known("dirk"))
    await initiatives.take_back(initiative, by="dirk")
    assert await supports(initiatives, initiative) == 0
    await undo(initiatives)
    assert await supports(initiatives, initiative) == 0
    await initiatives.support(initiative, by="dirk")
    assert await supports(initiatives, initiative) == 1


async def test_an_anonymous_supporter_who_also_signs_is_neither_named_nor_counted_twice(
    initiatives: Initiatives,
) -> None:
    initiative = await initiatives.propose()
    path = f"/initiatives/{initiative}/support"
    await initiatives.client.put(path, json={"anonymous": True}, headers=login("anna"))
    told = len(await initiatives.told())
    answer = await count(initiatives, initiative, known("anna"))
    assert (answer.status_code, answer.json()["supports"]) == (200, 1)
    assert [type(event.event) for event in (await initiatives.told())[told:]] == [PaperBatchCounted]
    assert await supports(initiatives, initiative) == 1
    assert str(person("anna")) not in str([event.event for event in (await initiatives.told())[2:]])


async def test_what_cannot_be_counted_changes_nothing(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    gone = await initiatives.propose()
    await initiatives.post(f"/initiatives/{gone}/withdrawal", {"reason": "other"})
    await count(initiatives, initiative, lines("1"), TWO)
    told = len(await initiatives.told())
    both = [{"reference": "1", "supporterId": str(uuid4())}]
    elsewhere = login("bart", Role.ARRANGER)
    refused = [
        (await count(initiatives, str(uuid4()), lines("1")), 404, "initiative-unknown"),
        (await count(initiatives, gone, lines("1")), 422, "initiative-withdrawn"),
        (await count(initiatives, initiative, []), 400, "invalid-request"),
        (await count(initiatives, initiative, both), 400, "invalid-request"),
        (await count(initiatives, initiative, [{}]), 400, "invalid-request"),
        (await recount(initiatives, lines("1")), 404, "batch-unknown"),
        (await undo(initiatives), 404, "batch-unknown"),
        (await undo(initiatives, TWO, elsewhere), 403, "not-yours"),
    ]
    for answer, status, code in refused:
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert len(await initiatives.told()) == told
    assert await initiatives.rows("select id from paper_batches") == [(TWO,)]
    assert (await undo(initiatives, TWO, login("saar"))).status_code == 200, "a service may put right what is wrong"


async def test_batches_counted_at_once_with_the_same_lines_count_them_once(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    ids = [uuid4() for _ in range(6)]
    sheets = lines(*(str(number) for number in range(30)))
    answers = await asyncio.gather(
        *(count(initiatives, initiative, sheets[n:] + sheets[:n], batch) for n, batch in enumerate(ids)),
        *(initiatives.support(initiative, by=f"resident-{number}") for number in range(10)),
    )
    assert [answer.status_code for answer in answers] == [200] * 16
    assert await supports(initiatives, initiative) == 40
    for batch in ids[:-1]:
        await undo(initiatives, batch)
    assert await supports(initiatives, initiative) == 40
    await undo(initiatives, ids[-1])
    assert await supports(initiatives, initiative) == 10
    assert [kind for kind, _ in await initiatives.facts()].count(PaperBatchRecounted) == 0


async def test_support_from_before_ids_had_a_secret_is_still_the_same_one(initiatives: Initiatives) -> None:
    """As it was stored then: under an id that anybody could work out."""
    initiative = UUID(await initiatives.propose())
    await initiatives.support(str(initiative), by="anna")
    former = (await initiatives.rows("select id from supports"))[0][0]
    assert former == support_id(SECRET, initiative, person("anna"))
    await initiatives.rows("update supports set id = $1 returning 1", _former(initiative))
    again = (await initiatives.support(str(initiative), by="anna")).json()
    assert (again["supportId"], again["sequence"], again["supports"]) == (str(_former(initiative)), 1, 1)
    back = (await initiatives.take_back(str(initiative), by="anna")).json()
    assert (back["sequence"], back["supports"]) == (2, 0)
    batch = await count(initiatives, str(initiative), known("anna"))
    assert batch.json()["supports"] == 1
    await recount(initiatives, known("anna", "dirk"))
    assert (await initiatives.page(str(initiative)))["supports"] == 2
    await undo(initiatives)
    assert (await initiatives.page(str(initiative)))["supports"] == 0


def _former(initiative: UUID) -> UUID:
    return former_id(initiative, person("anna"))
