"""Receipts: everything the log has of a pledge, proven to whoever holds it, and what erasing a salt leaves of it."""

import asyncio
import json
from base64 import b64decode, b64encode
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from tests.conftest import MakeDatabase
from tests.funding.conftest import Funding
from tests.funding.transparency.conftest import Log, proven, said
from tests.support import login, person, running
from typer.testing import CliRunner

from dorpsplein_local.cli import build
from dorpsplein_local.receipt_check import check
from dorpsplein_local.receipt_documents import ReadHead, Receipt, read
from funding.app import SERVICE
from funding.domain import ledger
from funding.domain.receipts import is_personal, public


def checked(receipt: dict[str, Any], *trusted: Any, earlier: dict[str, Any] | None = None) -> Any:
    """What the command `verify` makes of a receipt as it came from the service."""
    document = read(json.dumps(receipt).encode(), Receipt, "receipt")
    return check(document, trusted, read(json.dumps(earlier).encode(), ReadHead, "head") if earlier else None)


async def matched(funding: Funding, by: str = "anna") -> str:
    """A pledge with matches of two pot lines; its id."""
    pledge = await funding.pledge(await funding.initiative(), 5_000, await funding.round(10_000, 10_000), by=by)
    made: str = pledge["id"]
    return made


async def test_a_receipt_proves_every_transfer_of_a_pledge_and_what_became_of_it(funding: Funding, log: Log):
    pledge = await matched(funding)
    await log.write()
    receipt = await log.receipt(pledge)
    assert Counter(said(entry)["kind"] for entry in receipt["entries"]) == {"pledge": 1, "match": 2}
    assert all(proven(entry, receipt["head"]) for entry in receipt["entries"])
    before = checked(receipt, log.signer.key)
    assert before.resolutions == {}
    await funding.post(f"/pledges/{pledge}/withdrawal", by="anna")
    await log.write()
    later = await log.receipt(pledge, **{"from": receipt["head"]["size"]})
    after = checked(later, log.signer.key, earlier=receipt["head"])
    assert after.transfers == before.transfers
    assert {one.outcome for one in after.resolutions.values()} == {"voided"}
    assert len(after.resolutions) == 3


async def test_only_its_pledger_gets_what_opens_the_account(funding: Funding, log: Log):
    pledge = await matched(funding)
    await log.write()
    for by in ("", "piet", "otto", "chris"):
        assert (await log.receipt(pledge, by=by))["openings"] == []
    receipt = await log.receipt(pledge, by="anna")
    [opening] = receipt["openings"]
    assert opening["account"] == f"party:{person('anna')}"
    assert list(checked(receipt).owners.values()) == [f"party:{person('anna')}"]
    assert str(person("anna")) not in json.dumps(await log.receipt(pledge))


async def test_a_token_that_does_not_hold_is_refused_though_the_receipt_is_public(funding: Funding, log: Log):
    pledge = await matched(funding)
    await log.write()
    for authorization in ("Bearer rubbish", "Basic YW5uYTphbm5h", "Bearer"):
        headers = {"Authorization": authorization}
        answer = await funding.client.get(f"/pledges/{pledge}/receipt", headers=headers)
        assert answer.status_code == 401, authorization
    answer = await funding.client.get(f"/pledges/{pledge}/receipt", headers=login("piet"))
    assert answer.status_code == 200


async def test_a_pledge_that_waits_for_its_place_is_asked_for_again(funding: Funding, log: Log):
    pledge = await matched(funding)
    for _ in range(2):
        answer = await funding.get(f"/pledges/{pledge}/receipt")
        assert (answer.status_code, answer.json()["code"]) == (503, "not-yet-in-the-tree")
        assert answer.headers["Retry-After"]
        await log.write()
        assert (await funding.get(f"/pledges/{pledge}/receipt")).status_code == 200
        await funding.post(f"/pledges/{pledge}/withdrawal", by="anna")


async def test_there_is_no_receipt_of_what_is_no_pledge_or_from_no_earlier_tree(funding: Funding, log: Log):
    pledge = await matched(funding)
    await log.write()
    unknown = await funding.get(f"/pledges/{uuid4()}/receipt")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "pledge-unknown")
    size = (await log.head())["size"]
    for earlier, code in ((0, "invalid-request"), (size + 1, "tree-size-unknown"), ("x", "invalid-request")):
        answer = await funding.get(f"/pledges/{pledge}/receipt", **{"from": earlier})
        assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_receipts_of_one_pledge_hold_whatever_comes_after(funding: Funding, log: Log):
    pledge = await matched(funding)
    await log.write()
    first = await log.receipt(pledge)
    for _ in range(5):
        await matched(funding, by="piet")
        await log.write()
    later = await log.receipt(pledge, **{"from": first["head"]["size"]})
    checked(first)
    checked(later, log.signer.key, earlier=first["head"])
    assert [entry["leaf"] for entry in later["entries"]] == [entry["leaf"] for entry in first["entries"]]


async def test_erasing_the_salt_hides_whose_account_it_was_and_every_proof_still_holds(funding: Funding, log: Log):
    pledge = await matched(funding)
    await log.write()
    kept = await log.receipt(pledge, by="anna")
    [salt] = [b64decode(one["salt"]) for one in kept["openings"]]
    await funding.rows(
        "delete from salts where transfer_id in (select id from transfers where group_id = $1) returning 1",
        UUID(pledge),
    )
    await matched(funding, by="piet")
    await log.write()
    receipt = await log.receipt(pledge, by="anna", **{"from": kept["head"]["size"]})
    assert receipt["openings"] == []
    told = checked(receipt, log.signer.key, earlier=kept["head"])
    assert told.owners == {}
    assert salt not in b"".join([row[0] for row in await funding.rows("select salt from salts")])


async def test_a_leaf_without_its_salt_tells_no_one_from_another(funding: Funding, log: Log):
    """Who knows every pseudonym there is can still not try them on a leaf: nothing in it follows from one."""
    pledge = await matched(funding)
    await log.write()
    [entry] = [one for one in (await log.receipt(pledge))["entries"] if said(one)["kind"] == "pledge"]
    leaf = said(entry)
    tried = {name: ledger.party(person(name)) for name in ("anna", "piet")}
    unsalted = {sha256(account.encode()).hexdigest() for account in tried.values()}
    assert leaf["debit"].removeprefix("party:") not in unsalted
    recomputed = {
        str(ledger.transfer(UUID(pledge), "pledge", "EUR/2", account, leaf["credit"], leaf["amount"]).id)
        for account in tried.values()
    }
    assert len(recomputed) == 1 or leaf["id"] not in recomputed


async def test_two_pledges_of_one_person_cannot_be_linked_by_their_leaves(funding: Funding, log: Log):
    for _ in range(2):
        await funding.pledge(await funding.initiative(), 500)
    await log.write()
    debits = {json.loads(leaf)["debit"] for leaf in await log.leaves()}
    assert len(debits) == 2


def test_accounts_of_persons_are_hidden_and_all_others_stand_as_they_are():
    who, salt = uuid4(), b"salt"
    for account in (f"party:{who}", f"returned:{who}"):
        assert is_personal(account)
        kind, _, hidden = public(account, salt).partition(":")
        assert kind == account.partition(":")[0]
        assert hidden == sha256(salt + account.encode()).hexdigest()
    for account in ("party:gemeente", f"escrow:{who}", f"pot:{who}:{who}", "delivered:x", "returned:bank", str(who)):
        assert public(account, salt) == account


async def test_the_salts_of_a_receipt_are_as_random_as_there_are_transfers(funding: Funding, log: Log):
    for _ in range(3):
        await funding.pledge(await funding.initiative(), 500)
    salts = {b64encode(row[0]) for row in await funding.rows("select salt from salts")}
    assert len(salts) == 3
    assert all(len(b64decode(salt)) >= 16 for salt in salts)


async def test_a_running_service_writes_its_log_by_itself_and_the_command_verifies_the_receipt(
    make_database: MakeDatabase, kafka: str, topic_prefix: str, tmp_path: Path
):
    async with running(SERVICE, make_database("funding"), kafka=kafka, topic_prefix=topic_prefix) as there:
        funding = Funding(there.runtime, there.client)
        pledge = (await funding.pledge(await funding.initiative(), 5_000))["id"]
        answer = await funding.client.get(f"/pledges/{pledge}/receipt", headers=login("anna"))
        for _ in range(200):
            if answer.status_code == 200:
                break
            assert answer.json()["code"] == "not-yet-in-the-tree"
            await asyncio.sleep(0.1)
            answer = await funding.client.get(f"/pledges/{pledge}/receipt", headers=login("anna"))
        [key] = (await funding.get("/ledger/public-key")).json()["items"]
    (tmp_path / "receipt.json").write_bytes(answer.content)
    (tmp_path / "key.json").write_text(json.dumps(key))
    arguments = ["verify", str(tmp_path / "receipt.json"), "--key", str(tmp_path / "key.json")]
    told = CliRunner().invoke(build("verify"), arguments)
    assert told.exit_code == 0, told.exception
    assert f"you (party:{person('anna')}, as its salt shows)" in told.output
    assert "; held" in told.output
