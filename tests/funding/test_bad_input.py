"""Whatever cannot be right is a problem document that names the fault, and changes nothing."""

from typing import Any
from uuid import uuid4

from tests.funding.conftest import KNOBS, Funding, round_body
from tests.support import login

ID = str(uuid4())
WRONG_AMOUNTS = [0, -1, 2**63, 10**12 + 1, 10**400, 1.5, "100", True, None, [], {}]
NO_KNOBS: list[Any] = [[], 7, None, {"": 1}, {"a b": 1}, {"numerator": None}]
NO_BODIES: tuple[object, ...] = ([], "x", 7, None, {})
WRONG_IDS = ["", "x", 7, None, "0" * 33, "\0", ID + "0"]


def pledge(**other: Any) -> dict[str, Any]:
    return {"initiativeId": ID, "amountCents": 100} | other


def line(**other: Any) -> dict[str, Any]:
    return {"cofinancier": "gemeente", "amountCents": 100} | other


def fund(**other: Any) -> dict[str, Any]:
    return {"name": "Dorpsfonds", "rule": "ratio", "knobs": KNOBS} | other


FAULTS: list[tuple[str, str, Any]] = [
    *(("/pledges", "anna", pledge(amountCents=amount)) for amount in WRONG_AMOUNTS),
    *(("/pledges", "anna", pledge(initiativeId=wrong)) for wrong in WRONG_IDS),
    *(("/pledges", "anna", pledge(id=wrong)) for wrong in WRONG_IDS if wrong is not None),
    *(("/pledges", "anna", pledge(roundId=wrong)) for wrong in WRONG_IDS if wrong is not None),
    ("/pledges", "anna", pledge(unknown=1)),
    ("/pledges", "anna", pledge(initiative_id=ID)),
    *(("/pledges", "anna", body) for body in NO_BODIES),
    *(("/funds", "chris", {"name": name}) for name in ("", " ", "x" * 201, "a\0b", "a\nb", "\ud800", 7, None)),
    ("/funds", "chris", {"name": "x", "owner": "y"}),
    *((f"/rounds/{ID}/pot-lines", "chris", line(amountCents=amount)) for amount in WRONG_AMOUNTS),
    *((f"/rounds/{ID}/pot-lines", "chris", line(cofinancier=code)) for code in ("", "De Bank", "a:b", "x" * 61, 7)),
    *(("/rounds", "chris", round_body(ID) | {"closesAt": at}) for at in ("", "soon", "2026-06-01", 7, None)),
    ("/rounds", "chris", round_body(ID) | {"rule": "ratio"}),
    ("/rounds", "chris", round_body(ID) | {"knobs": KNOBS}),
    *(("/rounds", "chris", round_body(ID) | {"seedCommitment": wrong}) for wrong in ("", "ab", "A" * 64, 7)),
    *(("/funds", "chris", fund(rule=rule)) for rule in ("", "Ratio", "x" * 41, 7, None)),
    *(("/funds", "chris", fund(knobs=KNOBS | {knob: 2**53})) for knob in KNOBS),
    *(("/funds", "chris", fund(knobs=KNOBS | {knob: 0.5})) for knob in KNOBS),
    *(("/funds", "chris", fund(knobs=wrong)) for wrong in NO_KNOBS),
    ("/funds", "chris", fund(knobs={f"knob{number}": 1 for number in range(101)})),
]


async def test_every_malformed_body_is_refused_with_each_fault_and_changes_nothing(funding: Funding):
    for path, by, body in FAULTS:
        answer = await funding.post(path, body, by=by)
        assert answer.status_code == 400, f"{path} {body!r:.200}: {answer.text}"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["errors"], answer.text
    assert await funding.events() == []
    assert await funding.rows("select count(*) from accounts") == [(0,)]


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("rule-unknown", {"rule": "lottery"}),
    ("rule-unknown", {"knobs": {**KNOBS, "rule": "quadratic"}}),
    ("knob-unknown", {"knobs": KNOBS | {"extra": 1}}),
    ("knob-not-used", {"knobs": KNOBS | {"startPercent": 25}}),
    *(("knob-out-of-bounds", {"knobs": {**KNOBS, knob: value}}) for knob in KNOBS for value in (0, -1, "1")),
    ("knob-out-of-bounds", {"rule": "equal_shares", "knobs": {"completion": "add2"}}),
    ("knob-out-of-bounds", {"rule": "equal_shares", "knobs": {"completion": 1}}),
]


async def test_rules_and_knobs_that_are_not_in_the_registry_are_refused_and_nothing_is_opened(funding: Funding):
    for code, other in REFUSED:
        answer = await funding.post("/funds", fund(**other))
        assert (answer.status_code, answer.json()["code"]) == (422, code), f"{other}: {answer.text}"
    assert await funding.events() == []


async def test_all_faults_of_a_body_are_listed(funding: Funding):
    answer = await funding.post("/pledges", {"initiativeId": "x", "amountCents": 0, "more": 1}, by="anna")
    pointers = sorted(error["pointer"] for error in answer.json()["errors"])
    assert pointers == ["/amountCents", "/initiativeId", "/more"]


NO_JSON = [b"", b"{", b"\xff\xfe", b'{"amountCents": NaN}', b"[" * 5_000, b'{"amountCents": ' + b"9" * 5_000 + b"}"]


async def test_what_is_no_json_is_refused(funding: Funding):
    headers = login("anna") | {"Content-Type": "application/json"}
    for content in NO_JSON:
        answer = await funding.client.post("/pledges", content=content, headers=headers)
        assert answer.status_code == 400, f"{content[:20]!r}: {answer.text}"
        assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_closing_time_at_the_edge_of_the_calendar_is_refused(funding: Funding):
    body = round_body(await funding.fund())
    for closes in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-05-01T12:00:00Z"):
        answer = await funding.post("/rounds", body | {"closesAt": closes})
        assert answer.status_code in {400, 422}, f"{closes}: {answer.text}"


QUESTIONS = [
    ("/funds?limit=0", 400),
    ("/funds?limit=101", 400),
    ("/funds?cursor=x", 400),
    ("/rounds?cursor=WzEsMl0", 400),
    ("/rounds?fundId=x", 400),
    ("/ledger/transfers?cursor=WyJcdTAwMDAiXQ", 400),
    ("/ledger/transfers?cursor=WzddCg", 400),
    ("/ledger/balances?cursor=WyJcdTAwMDAiXQ", 400),
    ("/ledger/balances?kind=purse", 400),
    (f"/funds/{ID}", 404),
    ("/funds/x", 400),
    (f"/rounds/{ID}", 404),
    (f"/pledges/{ID}", 404),
    ("/pledges/%00", 400),
    (f"/initiatives/{ID}/means", 404),
    ("/initiatives/x/means", 400),
    ("/initiative-supports", 400),
    ("/initiative-supports?ids=", 400),
    ("/initiative-supports?ids=x", 400),
    (f"/initiative-supports?ids={ID},", 400),
    ("/initiative-supports?ids=" + ",".join([ID] * 101), 400),
    ("/nothing", 404),
]


async def test_a_question_that_cannot_be_answered_says_why(funding: Funding):
    for path, status in QUESTIONS:
        answer = await funding.client.get(path)
        assert answer.status_code == status, f"{path}: {answer.text}"
        assert answer.headers["Content-Type"] == "application/problem+json"


async def test_pot_lines_and_closings_of_unknown_rounds_are_not_found(funding: Funding):
    assert (await funding.post(f"/rounds/{ID}/pot-lines", line())).status_code == 404
    assert (await funding.post(f"/rounds/{ID}/closing")).status_code == 404


async def test_the_largest_amounts_there_can_be_do_no_harm(funding: Funding):
    initiative = await funding.initiative()
    round_id = await funding.round(10**12, 10**12, numerator=10**6, denominator=1, capDonorCents=2**53 - 1)
    for _ in range(3):
        await funding.pledge(initiative, 10**12, round_id)
    assert (await funding.means(initiative))["pledgedCents"] == 3 * 10**12
    await funding.audit()
