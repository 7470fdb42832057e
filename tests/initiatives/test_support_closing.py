"""The close of support: everyone who counts is in the root, nobody comes after, and a receipt shows it."""

import asyncio
import json
import random
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.initiatives.conftest import NOON, THRESHOLD, Initiatives, some_id
from tests.support import SECRET, login
from typer.testing import CliRunner

from dorpsplein import merkle
from dorpsplein.contracts.initiatives.initiatives import InitiativeExpired, SupportClosed, ThresholdReached
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportWithdrawn
from dorpsplein.database import Database
from dorpsplein.timers import fire_due
from dorpsplein_local.cli import build
from initiatives.commands.closing import close_due
from initiatives.commands.supports import Changed, change_supports, wish
from initiatives.domain.support_tree import leaf, tree_of
from initiatives.timers import HANDLERS

IN_FOUR_MONTHS = timedelta(days=120)


async def support(initiatives: Initiatives, initiative: str, who: str, **said: Any) -> Any:
    answer = await initiatives.client.put(f"/initiatives/{initiative}/support", headers=login(who), json=said)
    return answer.json()


async def closed(initiatives: Initiatives) -> list[SupportClosed]:
    return [event.event for event in await initiatives.told() if isinstance(event.event, SupportClosed)]


async def months_later(initiatives: Initiatives) -> None:
    initiatives.now += IN_FOUR_MONTHS
    await fire_due(initiatives.runtime.database, HANDLERS, initiatives.now)


def test_a_tree_is_that_of_the_rfc_whatever_the_order_of_the_supports() -> None:
    supports = [(some_id(number), number % 3 + 1) for number in range(300)]
    for size in (0, 1, 2, 3, 255, 256, 257, 300):
        some = supports[:size]
        tree = tree_of(some)
        leaves = sorted(leaf(*one) for one in some)
        assert tree.root == merkle.root([merkle.leaf_hash(one) for one in leaves])
        assert tree_of(random.sample(some, size)).root == tree.root


async def test_support_closes_at_its_time_and_every_receipt_can_be_held_to_the_root(
    initiatives: Initiatives, tmp_path: Path
) -> None:
    initiative = await initiatives.propose()
    receipts = [await support(initiatives, initiative, f"r-{n}", anonymous=n % 3 == 0) for n in range(7)]
    await initiatives.take_back(initiative, by="r-6")
    receipts[6] = await support(initiatives, initiative, "r-6", anonymous=True)
    await initiatives.take_back(initiative, by="r-5")
    unproven = await initiatives.get(f"/supports/{receipts[0]['supportId']}/proof")
    assert (unproven.status_code, unproven.json()["code"]) == (404, "not-counted")
    await months_later(initiatives)

    (fact,) = await closed(initiatives)
    assert fact.supports == 6
    for receipt in [*receipts[:5], receipts[6]]:
        proof = (await initiatives.get(f"/supports/{receipt['supportId']}/proof")).json()
        assert (proof["root"], proof["size"], proof["sequence"]) == (fact.root, 6, receipt["sequence"])
        own = merkle.leaf_hash(leaf(UUID(receipt["supportId"]), receipt["sequence"]))
        path = [bytes.fromhex(one) for one in proof["proof"]]
        assert merkle.verify_inclusion(own, proof["index"], 6, path, bytes.fromhex(fact.root))
    gone = await initiatives.get(f"/supports/{receipts[5]['supportId']}/proof")
    assert (gone.status_code, gone.json()["code"]) == (404, "not-counted")
    unknown = await initiatives.get(f"/supports/{some_id(1)}/proof")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "support-unknown")
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(proof))
    verified(file, "--root", fact.root, expect="is one of 6")
    verified(file, "--root", "00" * 32, expect="not for the one you trust", code=1)
    verified(file, expect="NOBODY VOUCHES FOR THE ROOT")
    file.write_text(json.dumps(proof | {"sequence": proof["sequence"] + 2}))
    verified(file, expect="not proven to be among the 6", code=1)
    file.write_text(json.dumps(receipts[0]))
    verified(file, expect="not complete", code=1)


def verified(file: Path, *options: str, expect: str, code: int = 0) -> None:
    done = CliRunner().invoke(build("verify"), ["verify", str(file), *options], env={"COLUMNS": "400"})
    output = " ".join(f"{done.output} {done.exception or ''}".split())
    assert expect in output, output
    assert done.exit_code == code


async def test_after_the_close_nothing_changes_and_who_counts_gets_the_same_receipt(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    crowd = [f"resident-{number}" for number in range(THRESHOLD)]
    before = [await support(initiatives, initiative, who) for who in crowd]
    await months_later(initiatives)
    told = len(await initiatives.told())
    assert [await support(initiatives, initiative, who) for who in crowd] == [
        receipt | {"supports": THRESHOLD} for receipt in before
    ]
    late = await initiatives.support(initiative, by="dora-the-late")
    back = await initiatives.take_back(initiative, by=crowd[0])
    assert [(one.status_code, one.json()["code"]) for one in (late, back)] == [(422, "support-closed")] * 2
    assert len(await initiatives.told()) == told
    assert (await initiatives.page(initiative))["supports"] == THRESHOLD


async def test_what_reached_its_threshold_unnoticed_is_supported_and_what_did_not_expires(
    initiatives: Initiatives,
) -> None:
    enough, few = await initiatives.propose(), await initiatives.propose(title="Een bankje")
    for number in range(THRESHOLD):
        await initiatives.support(enough, by=f"resident-{number}")
    await initiatives.support(few)
    await months_later(initiatives)
    statuses = [(await initiatives.page(one))["status"] for one in (enough, few)]
    assert statuses == ["supported", "expired"]
    kinds = [kind for kind, _ in await initiatives.facts()]
    assert [kinds.count(kind) for kind in (SupportClosed, ThresholdReached, InitiativeExpired)] == [2, 1, 1]
    await initiatives.catch_up()
    assert len(await closed(initiatives)) == 2


async def test_a_yes_that_races_with_the_close_is_in_the_root_or_refused(initiatives: Initiatives) -> None:
    """Many groups, of several processes, on their way while the close comes: none slips through after it."""
    dice = random.Random(11)
    other = Database(initiatives.runtime.database.url, initiatives.runtime.outbox)
    async with other:
        for turn in range(3):
            initiative = UUID(await initiatives.propose())

            async def say_yes(number: int, initiative: UUID = initiative) -> Changed | Exception:
                database = (initiatives.runtime.database, other)[number % 2]
                await asyncio.sleep(dice.random() * 0.15)
                async with database.transaction() as tx:
                    asked = wish(SECRET, initiative, some_id(number), gives=True, now=NOON)
                    (answer,) = await change_supports(tx, [asked])
                    await asyncio.sleep(dice.random() * 0.02)
                return answer

            async def close(initiative: UUID = initiative) -> None:
                await asyncio.sleep(0.08)
                async with other.transaction() as tx:
                    await close_due(tx, [initiative], NOON)

            *answers, _ = await asyncio.gather(*(say_yes(number) for number in range(120)), close())
            given = [answer.support for answer in answers if isinstance(answer, Changed)]
            assert 0 < len(given) < len(answers), "the close did not come in the middle"
            fact = (await closed(initiatives))[turn]
            assert fact.supports == len(given)
            assert fact.root == tree_of((one.id, one.sequence) for one in given).root.hex()
            counted = await initiatives.rows("select supports from support_counts where initiative_id = $1", initiative)
            assert counted == [(len(given),)]


async def test_a_large_crowd_is_closed_in_seconds(initiatives: Initiatives) -> None:
    """A tenth of what `bench support` closes, so that this stays quick."""
    initiative = UUID(await initiatives.propose())
    for start in range(0, 10_000, 2_000):
        crowd = [wish(SECRET, initiative, some_id(n), gives=True, now=NOON) for n in range(start, start + 2_000)]
        async with initiatives.runtime.database.transaction() as tx:
            answers = await change_supports(tx, crowd)
    started = time.perf_counter()
    await months_later(initiatives)
    assert time.perf_counter() - started < 3
    last = answers[-1]
    assert isinstance(last, Changed)
    assert last.supports == 10_000
    proof = (await initiatives.get(f"/supports/{last.support.id}/proof")).json()
    path = [bytes.fromhex(one) for one in proof["proof"]]
    own = merkle.leaf_hash(leaf(last.support.id, 1))
    assert merkle.verify_inclusion(own, proof["index"], 10_000, path, bytes.fromhex(proof["root"]))


@pytest.mark.parametrize("again", [False, True])
async def test_an_anonymous_yes_leaves_no_trace_of_who_and_when(initiatives: Initiatives, again: bool) -> None:
    """Whatever is stored or told has the support's own id for a person, and the hour for a time."""
    initiatives.now = NOON + timedelta(minutes=34, seconds=56)
    initiative = await initiatives.propose(by="boris")
    receipt = await support(initiatives, initiative, "anna", anonymous=True)
    if again:
        await initiatives.take_back(initiative, by="anna")
        receipt = await support(initiatives, initiative, "anna", anonymous=True)
    assert (receipt["at"], receipt["anonymous"], receipt["supports"]) == ("2026-05-01T12:00:00Z", True, 1)
    own = UUID(receipt["supportId"])
    assert await initiatives.rows("select id, supporter_id, anonymous, changed_at from supports") == [
        (own, own, True, NOON)
    ]
    facts = [event for event in await initiatives.told() if isinstance(event.event, SupportGiven | SupportWithdrawn)]
    assert len(facts) == (3 if again else 1)
    for event in facts:
        said = event.event.model_dump()
        assert (said["supporterId"], said["anonymous"], event.time) == (own, True, NOON)
        assert event.id.int >> 80 == NOON.timestamp() * 1000
        assert event.headers["correlation_id"] == str(event.id)
        assert {"traceparent", "ce_causationid"}.isdisjoint(event.headers)
    named = await support(initiatives, initiative, "anna")
    assert (named["status"], named["code"]) == (422, "support-is-anonymous")


async def test_nothing_follows_from_an_anonymous_yes_by_name(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    for number in range(THRESHOLD):
        await support(initiatives, initiative, f"r-{number}", anonymous=True)
    await initiatives.catch_up()
    reached = next(event for event in await initiatives.told() if isinstance(event.event, ThresholdReached))
    given = {str(event.id) for event in await initiatives.told() if isinstance(event.event, SupportGiven)}
    assert given.isdisjoint(reached.headers.values())
