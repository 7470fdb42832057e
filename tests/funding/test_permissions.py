"""The permission table, walked: every operation by every role, and without a token that counts."""

from uuid import uuid4

import pytest
from httpx import Response
from joserfc.jwk import ECKey
from tests.funding.conftest import Funding
from tests.support import token

from dorpsplein.identity import Role
from funding.app import SERVICE
from funding.permissions import PERMISSIONS

ID = uuid4()
REQUESTS = {
    "open_fund": ("POST", "/funds"),
    "open_round": ("POST", "/rounds"),
    "add_pot_line": ("POST", f"/rounds/{ID}/pot-lines"),
    "close_round": ("POST", f"/rounds/{ID}/closing"),
    "make_pledge": ("POST", "/pledges"),
    "withdraw_pledge": ("POST", f"/pledges/{ID}/withdrawal"),
    "audit_ledger": ("POST", "/ledger/audit"),
}


async def ask(funding: Funding, operation: str, authorization: str = "") -> Response:
    method, path = REQUESTS[operation]
    headers = {"Authorization": authorization} if authorization else {}
    return await funding.client.request(method, path, headers=headers, json={})


def test_every_operation_that_changes_something_is_in_the_table():
    assert set(REQUESTS) == set(PERMISSIONS)
    routes = [route for router in SERVICE.routers for route in router.routes]
    changing = {route.name for route in routes if route.methods - {"GET", "HEAD"}}  # type: ignore[attr-defined]
    assert changing == set(PERMISSIONS)


async def test_each_role_may_do_what_the_table_says_and_nothing_else(funding: Funding):
    for operation, permission in PERMISSIONS.items():
        for role in Role:
            answer = await ask(funding, operation, f"Bearer {token('someone', role)}")
            denied = answer.status_code == 403 and answer.json()["code"] == "role-not-allowed"
            assert denied == (role not in permission.roles), f"{operation} by {role}: {answer.text}"


@pytest.mark.parametrize("operation", REQUESTS)
async def test_nothing_is_done_without_a_token_that_counts(funding: Funding, operation: str):
    stranger = ECKey.generate_key("P-256", auto_kid=True)
    for authorization in (
        "",
        "Basic YW5uYTphbm5h",
        "Bearer not.a.token",
        f"Bearer {token('otto', *Role, aud='another')}",
        f"Bearer {token('otto', *Role, exp=1)}",
    ):
        answer = await ask(funding, operation, authorization)
        assert answer.status_code == 401, f"{authorization[:40]}: {answer.text}"
        assert answer.headers["Content-Type"] == "application/problem+json"
    forged = await ask(funding, operation, f"Bearer {token('otto', *Role, key=stranger)}")
    assert forged.status_code in {401, 503}
    assert await funding.events() == []
