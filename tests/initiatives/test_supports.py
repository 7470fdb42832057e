"""Support: the busiest command, on a real database."""

import asyncio
from uuid import UUID, uuid4

from tests.initiatives.conftest import NOON, THRESHOLD, Initiatives, some_id
from tests.support import SECRET, person

from dorpsplein.contracts.initiatives.initiatives import InitiativeEdited, InitiativeProposed, ThresholdReached
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportWithdrawn
from dorpsplein.database import Database
from dorpsplein.errors import NotFound
from initiatives.commands.initiatives import edit
from initiatives.commands.supports import Changed, ChangeSupport, change_supports
from initiatives.commands.supports import wish as of_person
from initiatives.domain.support import support_id


def wish(what: UUID, who: UUID, *, gives: bool = True) -> ChangeSupport:
    return of_person(SECRET, what, who, gives=gives, now=NOON)


async def kinds(initiatives: Initiatives) -> list[type]:
    return [kind for kind, _ in await initiatives.facts()][1:]


async def test_saying_yes_twice_is_one_support_with_one_receipt(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    first, again = await initiatives.support(initiative), await initiatives.support(initiative)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.json() == {
        "supportId": str(support_id(SECRET, UUID(initiative), person("anna"))),
        "initiativeId": initiative,
        "given": True,
        "anonymous": False,
        "sequence": 1,
        "at": "2026-05-01T12:00:00Z",
        "supports": 1,
    }
    assert (await initiatives.facts())[1:] == [(SupportGiven, 1)]


async def test_a_support_is_its_own_aggregate_whose_sequence_goes_on(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    await initiatives.support(initiative)
    await initiatives.take_back(initiative)
    await initiatives.take_back(initiative)
    receipt = (await initiatives.support(initiative)).json()
    assert (receipt["given"], receipt["sequence"]) == (True, 3)
    assert (await initiatives.facts())[1:] == [(SupportGiven, 1), (SupportWithdrawn, 2), (SupportGiven, 3)]
    assert {event.subject for event in (await initiatives.told())[2:]} == {receipt["supportId"]}


async def test_what_was_never_given_is_not_taken_back(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    answer = await initiatives.take_back(initiative)
    assert (answer.status_code, answer.json()["code"]) == (404, "support-unknown")


async def test_support_for_what_does_not_exist_is_refused_and_leaves_nothing(initiatives: Initiatives) -> None:
    answer = await initiatives.support(str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (404, "initiative-unknown")
    assert await initiatives.rows("select * from supports") == []
    assert await initiatives.told() == []


async def test_two_hundred_at_once_of_one_person_are_one_support(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    answers = await asyncio.gather(*(initiatives.support(initiative) for _ in range(200)))
    assert {answer.text for answer in answers} == {answers[0].text}
    assert await kinds(initiatives) == [SupportGiven]
    await initiatives.catch_up()
    assert (await initiatives.page(initiative))["supports"] == 1


async def test_commands_that_wait_together_are_decided_in_order_and_each_on_its_own(initiatives: Initiatives) -> None:
    initiative, unknown = UUID(await initiatives.propose()), uuid4()
    anna, boris = some_id(1), some_id(2)

    wishes = [
        wish(initiative, anna),
        wish(initiative, boris, gives=False),
        wish(initiative, anna, gives=False),
        wish(unknown, anna),
        wish(initiative, boris),
        wish(initiative, anna),
        wish(initiative, anna),
    ]
    async with initiatives.runtime.database.transaction() as tx:
        answers = await change_supports(tx, wishes)
    seen = [
        (answer.support.sequence, answer.changed, answer.supports) if isinstance(answer, Changed) else type(answer)
        for answer in answers
    ]
    assert seen == [(1, True, 1), NotFound, (2, True, 0), NotFound, (1, True, 1), (3, True, 2), (3, False, 2)]
    told = [(event.subject, event.sequence) for event in (await initiatives.told())[2:]]
    a, b = (str(support_id(SECRET, initiative, who)) for who in (anna, boris))
    assert told == [(a, 1), (a, 2), (b, 1), (a, 3)]


async def test_a_group_of_any_size_costs_two_statements(initiatives: Initiatives) -> None:
    initiative = UUID(await initiatives.propose())
    statements: list[str] = []
    async with initiatives.runtime.database.transaction() as tx:
        await change_supports(tx, [wish(initiative, some_id(0))])
        with tx.connection.query_logger(lambda query: statements.append(query.query)):
            wishes = [wish(initiative, some_id(n)) for n in range(100)]
            await change_supports(tx, wishes)
    assert len(statements) == 2


async def test_a_support_that_another_process_gives_at_the_same_moment_is_given_once(initiatives: Initiatives) -> None:
    initiative = UUID(await initiatives.propose())
    one, also = wish(initiative, some_id(1)), wish(initiative, some_id(2))
    other = Database(initiatives.runtime.database.url, initiatives.runtime.outbox)
    async with other, other.transaction() as first:
        await change_supports(first, [one])
        second = asyncio.create_task(initiatives.runtime.database.grouped(change_supports, one))
        third = asyncio.create_task(initiatives.runtime.database.grouped(change_supports, also))
        await asyncio.sleep(0.3)
        assert not second.done()
    answers = [await second, await third]
    assert [(answer.support.sequence, answer.changed) for answer in answers] == [(1, False), (1, True)]
    assert await kinds(initiatives) == [SupportGiven, SupportGiven]


async def test_a_support_that_another_process_is_changing_is_changed_after_it(initiatives: Initiatives) -> None:
    initiative = UUID(await initiatives.propose())
    await initiatives.support(str(initiative))
    other = Database(initiatives.runtime.database.url, initiatives.runtime.outbox)
    async with other, other.transaction() as first:
        await change_supports(first, [wish(initiative, person("anna"), gives=False)])
        again = asyncio.create_task(initiatives.support(str(initiative)))
        await asyncio.sleep(0.3)
        assert not again.done()
    assert (await again).json()["sequence"] == 3
    assert (await initiatives.facts())[1:] == [(SupportGiven, 1), (SupportWithdrawn, 2), (SupportGiven, 3)]


async def test_a_refusal_in_a_group_is_the_only_one_refused(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    answers = await asyncio.gather(
        initiatives.support(initiative),
        initiatives.support(str(uuid4())),
        initiatives.support(initiative, by="boris"),
        initiatives.take_back(initiative, by="carla"),
    )
    assert [answer.status_code for answer in answers] == [200, 404, 200, 404]


async def test_the_threshold_is_reached_once_however_many_come_at_once(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    crowd = [f"resident-{number}" for number in range(THRESHOLD * 10)]
    await asyncio.gather(*(initiatives.support(initiative, by=who) for who in crowd))
    given = [event for event in await initiatives.told() if isinstance(event.event, SupportGiven)]
    await asyncio.gather(*(initiatives.hear(event) for event in given))
    page = await initiatives.page(initiative)
    assert (page["supports"], page["status"], page["thresholdReached"]) == (len(crowd), "supported", True)
    assert page["version"] == 2
    assert (await kinds(initiatives)).count(ThresholdReached) == 1


async def test_a_threshold_and_an_edit_at_the_same_moment_are_two_versions(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    for number in range(THRESHOLD):
        await initiatives.support(initiative, by=f"resident-{number}")
    other = Database(initiatives.runtime.database.url, initiatives.runtime.outbox)
    async with other, other.transaction() as editing:
        await edit(editing, UUID(initiative), {"title": "x"}, person=person("anna"), version=1, now=initiatives.now)
        catching_up = asyncio.create_task(initiatives.catch_up())
        await asyncio.sleep(0.3)
    await catching_up
    page = await initiatives.page(initiative)
    assert (page["title"], page["status"], page["version"]) == ("x", "supported", 3)
    about = [(kind, version) for kind, version in await initiatives.facts() if kind not in {SupportGiven}]
    assert about == [(InitiativeProposed, 1), (InitiativeEdited, 2), (ThresholdReached, 3)]


async def test_a_threshold_stays_reached_when_supports_go_and_come_again(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    crowd = [f"resident-{number}" for number in range(THRESHOLD)]
    for who in crowd[:-1]:
        await initiatives.support(initiative, by=who)
    await initiatives.catch_up()
    assert (await initiatives.page(initiative))["status"] == "proposed"
    for change in (initiatives.support, initiatives.take_back, initiatives.support):
        await change(initiative, by=crowd[-1])
        await initiatives.catch_up()
    page = await initiatives.page(initiative)
    assert (page["status"], page["supports"]) == ("supported", THRESHOLD)
    assert (await kinds(initiatives)).count(ThresholdReached) == 1
    told = await initiatives.told()
    reached = next(event for event in told if isinstance(event.event, ThresholdReached))
    cause = next(event for event in told if str(event.id) == reached.headers["ce_causationid"])
    assert isinstance(cause.event, SupportGiven)


async def test_counts_are_those_of_this_moment_and_unknown_ids_have_none(initiatives: Initiatives) -> None:
    initiative, unknown = await initiatives.propose(), str(uuid4())
    await initiatives.support(initiative)
    assert (await initiatives.get("/initiative-supports", ids=f"{initiative},{unknown}")).json() == {
        "items": [{"initiativeId": initiative, "supports": 1}, {"initiativeId": unknown, "supports": 0}]
    }
    assert (await initiatives.page(initiative))["supports"] == 1
