"""`./dorpsplein verify`: a receipt is checked without any server, and whatever was changed in it is named."""

import copy
import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from dorpsplein import merkle
from dorpsplein_local.cli import build
from dorpsplein_local.errors import CannotRun
from funding.domain.checkpoints import Head, Signer
from funding.domain.receipts import resolution_leaf, transfer_leaf

PLEDGE, PERSON, INITIATIVE, ROUND, LINE = (UUID(int=n) for n in range(1, 6))
GIFT, MATCH, HOURS = (UUID(int=n) for n in range(10, 13))
SALT = b"s" * 16
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SIGNER = Signer("urn:nld:oin:00000001000000000000:systeem:funding", bytes(32))
STRANGER = Signer(SIGNER.origin, bytes([1] * 32))
OTHERS = [f"leaf {n}".encode() for n in range(20)]


def transfer(made: UUID, kind: str, debit: str, amount: int, **other: Any) -> bytes:
    usual = {"group": PLEDGE, "resource": "EUR/2", "credit": f"escrow:{INITIATIVE}", "pending": True, "at": NOON}
    return transfer_leaf(transfer_id=made, kind=kind, debit=debit, amount=amount, salt=SALT, **{**usual, **other})


LEAVES = [
    transfer(GIFT, "pledge", f"party:{PERSON}", 50_00),
    transfer(MATCH, "match", f"pot:{ROUND}:{LINE}", 25_05),
    transfer(HOURS, "pledge", f"party:{PERSON}", 750, resource="TIME/carpentry"),
    resolution_leaf(transfer_id=GIFT, outcome="posted", amount=50_00, at=NOON),
    resolution_leaf(transfer_id=HOURS, outcome="posted", amount=600, at=NOON),
]
TREE = [*OTHERS[:7], LEAVES[0], LEAVES[1], *OTHERS[7:12], LEAVES[2], LEAVES[3], *OTHERS[12:], LEAVES[4]]


def head_of(leaves: list[bytes], signer: Signer = SIGNER) -> dict[str, Any]:
    root = merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])
    head = Head(signer.origin, len(leaves), root)
    return {
        "origin": head.origin,
        "size": head.size,
        "root": root.hex(),
        "at": NOON.isoformat(),
        "keyId": signer.key.id,
        "signature": b64encode(signer.sign(head)).decode(),
    }


def key_of(signer: Signer = SIGNER) -> dict[str, Any]:
    key = signer.key
    return {
        "origin": key.origin,
        "keyId": key.id,
        "publicKey": b64encode(key.public).decode(),
        "noteKey": key.text,
    }


def path_of(ranges: list[merkle.Range], tree: list[bytes]) -> list[str]:
    return [merkle.root([merkle.leaf_hash(leaf) for leaf in tree[low:high]]).hex() for low, high in ranges]


def receipt(
    leaves: list[bytes] = LEAVES, tree: list[bytes] = TREE, signer: Signer = SIGNER, earlier: int | None = None
) -> dict[str, Any]:
    """A receipt for some leaves of a tree, made without the service."""
    places = [tree.index(leaf) for leaf in leaves]
    made: dict[str, Any] = {
        "pledgeId": str(PLEDGE),
        "entries": [
            {
                "index": place,
                "leaf": b64encode(tree[place]).decode(),
                "proof": path_of(merkle.inclusion_ranges(place, len(tree)), tree),
            }
            for place in places
        ],
        "head": head_of(tree, signer),
        "key": key_of(signer),
        "consistency": None,
        "openings": [
            {"transferId": str(GIFT), "account": f"party:{PERSON}", "salt": b64encode(SALT).decode()},
        ],
    }
    if earlier:
        proof = path_of(merkle.consistency_ranges(earlier, len(tree)), tree)
        made["consistency"] = {"from": earlier, "to": len(tree), "proof": proof}
    return made


Verify = Callable[..., str]


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    """Verify a receipt by the command; what it prints. Raises what the command raises."""

    def run(document: Any, *more: str, head: Any = None) -> str:
        file = tmp_path / "receipt.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        if head is not None:
            (tmp_path / "head.json").write_text(json.dumps(head))
            more = (*more, "--head", str(tmp_path / "head.json"))
        result = CliRunner().invoke(build("verify"), ["verify", str(file), *more], env={"COLUMNS": "400"})
        if result.exception:
            raise result.exception
        return result.output

    return run


def test_a_whole_receipt_is_told_in_plain_words(verify: Verify):
    told = verify(receipt(), "--key", SIGNER.key.text)
    for line in (
        "✓ 5 leaves are in the tree of 25 leaves",
        f"✓ signed by {SIGNER.origin} with the key {SIGNER.key.id}",
        f"Pledge {PLEDGE}",
        f"2026-05-01 12:00 UTC  EUR 50.00  pledge: you (party:{PERSON}, as its salt shows) → initiative {INITIATIVE}; "
        "made good on 2026-05-01 12:00 UTC",
        f"EUR 25.05  match: pot line {LINE} → initiative {INITIATIVE}; held",
        f"12 h 30 min of carpentry  pledge: you (party:{PERSON}, as its salt shows) → initiative {INITIATIVE}; "
        "10 h 00 min of carpentry made good on 2026-05-01 12:00 UTC, 2 h 30 min of carpentry given back",
        "This is how it stood with 25 leaves",
    ):
        assert line in told
    assert "NOBODY VOUCHES" not in told


def test_a_person_stays_hidden_where_the_receipt_has_no_salts(verify: Verify):
    told = verify(receipt() | {"openings": []})
    assert str(PERSON) not in told
    assert "a person, hidden as " in told


def test_it_says_loudly_when_the_key_came_with_the_receipt(verify: Verify):
    told = verify(receipt(signer=STRANGER))
    assert "NOBODY VOUCHES FOR THE KEY" in told
    assert STRANGER.key.text in told


@pytest.mark.parametrize("form", ["base64", "line", "file with base64", "file with line", "one key", "all keys"])
def test_a_key_may_be_given_in_every_form_the_log_shows_it_in(verify: Verify, tmp_path: Path, form: str):
    raw, line = key_of()["publicKey"], SIGNER.key.text
    file = tmp_path / "key"
    texts = {
        "file with base64": raw + "\n",
        "file with line": line + "\n",
        "one key": json.dumps(key_of()),
        "all keys": json.dumps({"items": [key_of(STRANGER), key_of()], "next": None}),
    }
    if form in texts:
        file.write_text(texts[form])
    given = {"base64": raw, "line": line}.get(form, str(file))
    assert "NOBODY VOUCHES" not in verify(receipt(), "--key", given)
    others = {"base64": key_of(STRANGER)["publicKey"], "line": STRANGER.key.text}
    for other in others.values():
        with pytest.raises(CannotRun, match="signed with another key"):
            verify(receipt(), "--key", other)


@pytest.mark.parametrize("rubbish", [" ", "x", "AAAA", "urn:x+00000000+AAAA", "not/a/file"])
def test_what_is_no_key_is_not_taken_for_one(verify: Verify, rubbish: str):
    with pytest.raises(CannotRun, match="--key is no file and no key"):
        verify(receipt(), "--key", rubbish)


def test_the_same_public_key_under_another_origin_is_another_key(verify: Verify):
    with pytest.raises(CannotRun, match="signed with another key"):
        verify(receipt(signer=Signer("urn:other", SIGNER.seed)), "--key", SIGNER.key.text)


def flipped(text: str, place: int) -> str:
    """A base64 or hex text with one bit of its value flipped."""
    is_hex = len(text) == 64 and all(one in "0123456789abcdef" for one in text)
    value = bytearray(bytes.fromhex(text) if is_hex else b64decode(text))
    value[place % len(value)] ^= 1 << place % 8
    return value.hex() if is_hex else b64encode(value).decode()


def entry(document: Any, n: int) -> Any:
    return document["entries"][n % len(LEAVES)]


def flip(part: Any, field: Any, n: int) -> None:
    part[field] = flipped(part[field], n)


def flip_number(part: Any, field: str, n: int) -> None:
    part[field] ^= 1 << n % 5


REGIONS: dict[str, tuple[str, Callable[[Any, int], Any]]] = {
    "a leaf": ("is not proven", lambda r, n: flip(entry(r, n), "leaf", n)),
    "an index": ("is not proven", lambda r, n: flip_number(entry(r, n), "index", n)),
    "a proof": ("is not proven", lambda r, n: flip(entry(r, n)["proof"], 0, n)),
    "the length of a proof": ("is not proven", lambda r, n: entry(r, n)["proof"].pop()),
    "the root": ("signature of the tree head", lambda r, n: flip(r["head"], "root", n)),
    "the size": ("signature of the tree head", lambda r, n: flip_number(r["head"], "size", n)),
    "the signature": ("signature of the tree head", lambda r, n: flip(r["head"], "signature", n)),
    "the origin": ("signature of the tree head", lambda r, n: r["head"].update(origin=f"urn:{n}")),
    "the head's key id": ("the tree head names the key", lambda r, n: r["head"].update(keyId=f"{n:08x}")),
    "the signer": ("the tree head names the key", lambda r, n: r.update(head=head_of(TREE, STRANGER))),
    "the whole key": ("the tree head names the key", lambda r, n: r.update(key=key_of(STRANGER))),
    "the key": ("does not fit its own key id", lambda r, n: flip(r["key"], "publicKey", n)),
    "the id of the key": ("does not fit its own key id", lambda r, n: r["key"].update(keyId=f"{n:08x}")),
    "the key's line": ("does not fit its own key id", lambda r, n: r["key"].update(noteKey=STRANGER.key.text)),
    "the pledge": ("not to pledge", lambda r, n: r.update(pledgeId=str(UUID(int=PLEDGE.int ^ 1 << n % 128)))),
    "a salt": ("does not open the account", lambda r, n: flip(r["openings"][0], "salt", n)),
    "an account": ("does not open the account", lambda r, n: r["openings"][0].update(account=f"party:{uuid4()}")),
    "a transfer's salt": ("does not open the account", lambda r, n: r["openings"][0].update(transferId=str(MATCH))),
    "a leaf twice": ("one leaf twice", lambda r, n: r["entries"].append(entry(r, n))),
    "a leaf that another needs": ("resolves what the receipt does not hold", lambda r, n: r["entries"].pop(0)),
    "all leaves": ("entries: List should have at least 1", lambda r, n: r.update(entries=[])),
}


@pytest.mark.parametrize("region", REGIONS)
def test_whatever_is_changed_is_refused_by_name(verify: Verify, region: str):
    sentence, change = REGIONS[region]
    for place in range(0, 512, 11):
        changed = copy.deepcopy(receipt())
        change(changed, place)
        assert changed != receipt()
        with pytest.raises(CannotRun, match=sentence):
            verify(changed)


@pytest.mark.parametrize(
    ("leaves", "sentence"),
    [
        ([transfer(GIFT, "pledge", "party:bank", 5, group=ROUND)], f"belongs to {ROUND}, not to pledge"),
        ([b"leaf"], "is no transfer or resolution"),
        ([b'{"type":"transfer"}'], "is no transfer or resolution"),
        ([LEAVES[3]], "resolves what the receipt does not hold as pending"),
        ([LEAVES[3], LEAVES[0]], "resolves what the receipt does not hold as pending before it"),
        (
            [LEAVES[0], LEAVES[3], resolution_leaf(transfer_id=GIFT, outcome="voided", amount=0, at=NOON)],
            "resolves what",
        ),
        ([LEAVES[0], resolution_leaf(transfer_id=GIFT, outcome="posted", amount=50_01, at=NOON)], "resolves what"),
        (
            [transfer(GIFT, "pledge", "party:bank", 5, pending=False), LEAVES[3].replace(b"5000", b"5")],
            "resolves what the receipt does not hold as pending",
        ),
        ([transfer(GIFT, "pledge", "party:\x1b[31m", 5)], "is no transfer or resolution"),
    ],
)
def test_leaves_that_are_in_the_tree_but_make_no_sense_are_refused(verify: Verify, leaves: list[bytes], sentence: str):
    with pytest.raises(CannotRun, match=sentence):
        verify(receipt(leaves, [*OTHERS, *leaves]) | {"openings": []})


def test_bits_that_base64_leaves_unused_may_not_be_changed_either(verify: Verify):
    changed = receipt()
    signature = changed["head"]["signature"]
    assert signature.endswith("==")
    following = chr(ord(signature[-3]) + 1)
    changed["head"]["signature"] = f"{signature[:-3]}{following}=="
    assert b64decode(changed["head"]["signature"]) == b64decode(signature)
    with pytest.raises(CannotRun, match=r"head/signature: .*not base64 as it should be written"):
        verify(changed)


def test_an_earlier_head_is_shown_to_hold_still(verify: Verify):
    for size in range(1, len(TREE) + 1):
        told = verify(receipt(earlier=size), head=head_of(TREE[:size]))
        assert f"goes on from the one of {size} leaves that you kept" in told


@pytest.mark.parametrize(
    ("document", "head", "sentence"),
    [
        (receipt(), head_of(TREE[:9]), r"no proof that its tree goes on .* \?from=9"),
        (receipt(earlier=8), head_of(TREE[:9]), r"no proof that its tree goes on .* \?from=9"),
        (receipt(earlier=9), head_of([*TREE[:8], b"other"]), "does not go on from the tree of 9 leaves"),
        (receipt(), head_of([*TREE[:-1], b"other"]), "does not go on from the tree of 25 leaves"),
        (receipt(), head_of([*TREE, b"more"]), r"larger tree \(26 leaves\) than the receipt's \(25\)"),
        (receipt(earlier=9), head_of(TREE[:9], STRANGER), "the earlier head names the key"),
        (receipt(earlier=9), head_of(TREE[:9]) | {"size": 8}, "signature of the earlier head does not hold"),
    ],
)
def test_a_tree_that_does_not_go_on_from_the_earlier_head_is_refused(
    verify: Verify, document: Any, head: Any, sentence: str
):
    with pytest.raises(CannotRun, match=sentence):
        verify(document, head=head)


def test_a_changed_consistency_proof_is_refused(verify: Verify):
    for place in range(len(receipt(earlier=9)["consistency"]["proof"])):
        changed = receipt(earlier=9)
        proof = changed["consistency"]["proof"]
        proof[place] = flipped(proof[place], place)
        with pytest.raises(CannotRun, match="does not go on from the tree of 9 leaves"):
            verify(changed, head=head_of(TREE[:9]))


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not complete or not readable"),
        ("{}", "pledgeId: Field required"),
        (receipt() | {"head": None}, "head: "),
        (receipt() | {"key": "x"}, "key: "),
        (json.dumps(receipt()).replace('"size": 25', '"size": 25.0'), "head/size: "),
        (json.dumps(receipt()).replace('"size": 25', f'"size": {10**30}'), "head/size: "),
        (json.dumps(receipt()).replace('"index": 7', '"index": -1'), "entries/0/index: "),
        (json.dumps(receipt()).replace('"index": 7', '"index": true'), "entries/0/index: "),
        (json.dumps(receipt()).replace('"leaf": "', '"leaf": " ', 1), "entries/0/leaf: .*not base64"),
        (json.dumps(receipt()).replace('"root": "', '"root": "AB', 1), "head/root: .*not a hash"),
    ],
)
def test_what_is_no_receipt_is_refused_in_one_sentence(verify: Verify, document: Any, sentence: str):
    with pytest.raises(CannotRun, match=sentence) as refused:
        verify(document)
    assert "\n" not in str(refused.value)


def test_the_command_ends_with_1_and_one_sentence_or_with_0(tmp_path: Path):
    changed = receipt()
    changed["head"]["root"] = "0" * 64
    for document, code in ((receipt(), 0), (changed, 1)):
        file = tmp_path / f"{code}.json"
        file.write_text(json.dumps(document))
        ran = subprocess.run(
            [sys.executable, "-m", "dorpsplein_local", "verify", str(file)], capture_output=True, text=True, timeout=60
        )
        assert ran.returncode == code, ran.stderr
        assert bool(ran.stdout) == (code == 0)
        assert ("✗ The signature of the tree head does not hold" in ran.stderr) == (code == 1)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    result = CliRunner().invoke(build("verify"), ["verify", str(tmp_path / "none.json")])
    assert isinstance(result.exception, CannotRun)
    assert "none.json cannot be read: No such file or directory" in str(result.exception)
