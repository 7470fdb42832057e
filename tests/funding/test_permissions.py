"""The permission table, walked: every operation by every role, and without a token that counts."""

from uuid import uuid4

from fastapi.routing import iter_route_contexts
from httpx import Response
from joserfc.jwk import ECKey
from tests.funding.conftest import Funding
from tests.support import token

from dorpsplein.identity import Role
from funding.app import SERVICE
from funding.permissions import PERMISSIONS

ID = uuid4()
BANK = f"/initiatives/{ID}/bank-account"
CHANGE = f"/knob-changes/{ID}"
REQUESTS = {
    "open_fund": ("POST", "/funds"),
    "open_round": ("POST", "/rounds"),
    "add_pot_line": ("POST", f"/rounds/{ID}/pot-lines"),
    "close_round": ("POST", f"/rounds/{ID}/closing"),
    "make_pledge": ("POST", "/pledges"),
    "ask_quote": ("POST", "/match-quotes"),
    "release_quote": ("POST", f"/match-quotes/{ID}/release"),
    "set_needs": ("PUT", f"/initiatives/{ID}/needs"),
    "list_deliveries": ("GET", f"/pledges/{ID}/deliveries"),
    "record_delivery": ("POST", f"/pledges/{ID}/deliveries"),
    "lapse_pledge": ("POST", f"/pledges/{ID}/lapse"),
    "withdraw_pledge": ("POST", f"/pledges/{ID}/withdrawal"),
    "audit_ledger": ("POST", "/ledger/audit"),
    "set_bank_account": ("PUT", BANK),
    "read_bank_account": ("GET", BANK),
    "erase_bank_account": ("DELETE", BANK),
    "order_payout": ("POST", "/payouts"),
    "cancel_payout": ("POST", f"/payouts/{ID}/cancellation"),
    "list_payouts": ("GET", "/payouts"),
    "make_payout_batch": ("POST", "/payout-batches"),
    "download_payout_batch": ("GET", f"/payout-batches/{ID}/file"),
    "take_in_statement": ("POST", "/bank-statements"),
    "read_statement": ("GET", f"/bank-statements/{ID}"),
    "load_election": ("POST", "/elections"),
    "count_election": ("POST", f"/elections/{ID}/counts"),
    "count_round": ("POST", f"/rounds/{ID}/counts"),
    "hold_draw": ("POST", f"/counts/{ID}/draw"),
    "witness_count": ("POST", f"/counts/{ID}/witness"),
    "override_outcome": ("POST", f"/counts/{ID}/overrides"),
    "set_knob_bounds": ("PUT", f"/funds/{ID}/knob-bounds"),
    "enrol": ("PUT", "/electorate/me"),
    "leave_electorate": ("DELETE", "/electorate/me"),
    "draft_knob_change": ("POST", "/knob-changes"),
    "simulate_knob_change": ("POST", f"{CHANGE}/simulation"),
    "open_knob_change": ("POST", f"{CHANGE}/opening"),
    "cast_ballot": ("POST", f"{CHANGE}/ballots"),
    "withdraw_knob_change": ("POST", f"{CHANGE}/withdrawal"),
    "consent_to_knob_change": ("POST", f"{CHANGE}/consent"),
    "veto_knob_change": ("POST", f"{CHANGE}/veto"),
    "pull_brake": ("POST", f"/funds/{ID}/brake"),
    "release_brake": ("POST", f"/funds/{ID}/brake/release"),
}


async def ask(funding: Funding, operation: str, authorization: str = "") -> Response:
    method, path = REQUESTS[operation]
    headers = {"Authorization": authorization} if authorization else {}
    return await funding.client.request(method, path, headers=headers, json={})


def test_every_operation_that_changes_something_is_in_the_table_and_every_row_is_an_operation():
    assert set(REQUESTS) == set(PERMISSIONS)
    routes = list(iter_route_contexts([route for router in SERVICE.routers for route in router.routes]))
    changing = {route.name for route in routes if route.methods and route.methods - {"GET", "HEAD"}}
    assert changing <= set(PERMISSIONS) <= {route.name for route in routes}


async def test_each_role_may_do_what_the_table_says_and_nothing_else(funding: Funding):
    for operation, permission in PERMISSIONS.items():
        for role in Role:
            answer = await ask(funding, operation, f"Bearer {token('someone', role)}")
            denied = answer.status_code == 403 and answer.json()["code"] == "role-not-allowed"
            assert denied == (role not in permission.roles), f"{operation} by {role}: {answer.text}"


async def test_nothing_is_done_without_a_token_that_counts(funding: Funding):
    stranger = ECKey.generate_key("P-256", auto_kid=True)
    without = (
        "",
        "Basic YW5uYTphbm5h",
        "Bearer not.a.token",
        f"Bearer {token('otto', *Role, aud='another')}",
        f"Bearer {token('otto', *Role, exp=1)}",
    )
    for operation in REQUESTS:
        for authorization in without:
            answer = await ask(funding, operation, authorization)
            assert answer.status_code == 401, f"{operation} {authorization[:40]}: {answer.text}"
            assert answer.headers["Content-Type"] == "application/problem+json"
        forged = await ask(funding, operation, f"Bearer {token('otto', *Role, key=stranger)}")
        assert forged.status_code in {401, 503}
    assert await funding.events() == []
