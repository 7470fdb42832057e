"""The permission table, walked: every operation by every role, and without a token that counts."""

import pytest
from httpx import Response
from joserfc.jwk import ECKey
from tests.initiatives.conftest import Initiatives, some_id
from tests.support import token

from dorpsplein.identity import Role
from initiatives.app import SERVICE
from initiatives.permissions import PERMISSIONS

ID = some_id(1)
REQUESTS = {
    "propose": ("POST", "/initiatives"),
    "edit": ("PATCH", f"/initiatives/{ID}"),
    "withdraw": ("POST", f"/initiatives/{ID}/withdrawal"),
    "give_support": ("PUT", f"/initiatives/{ID}/support"),
    "take_support_back": ("DELETE", f"/initiatives/{ID}/support"),
    "choose_name": ("PUT", "/me/profile"),
    "import_initiatives": ("POST", "/initiatives/bulk"),
    "import_supports": ("POST", "/supports/bulk"),
}


async def ask(initiatives: Initiatives, operation: str, authorization: str = "") -> Response:
    method, path = REQUESTS[operation]
    headers = {"Authorization": authorization} if authorization else {}
    return await initiatives.client.request(method, path, headers=headers, json={})


def test_every_operation_that_changes_something_is_in_the_table() -> None:
    assert set(REQUESTS) == set(PERMISSIONS)
    routes = [route for router in SERVICE.routers for route in router.routes]
    assert {route.name for route in routes if route.methods - {"GET", "HEAD"}} == set(PERMISSIONS)  # type: ignore[attr-defined]


async def test_each_role_may_do_what_the_table_says_and_nothing_else(initiatives: Initiatives) -> None:
    for operation, permission in PERMISSIONS.items():
        for role in Role:
            answer = await ask(initiatives, operation, f"Bearer {token('someone', role)}")
            denied = answer.status_code == 403 and answer.json()["code"] == "role-not-allowed"
            assert denied == (role not in permission.roles), f"{operation} by {role}: {answer.text}"
            assert answer.status_code < 500


async def test_what_is_somebodys_own_is_touched_by_nobody_else(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose(by="anna")
    await initiatives.support(initiative, by="anna")
    told = len(await initiatives.told())
    others = [
        await initiatives.patch(initiative, 1, by="boris", title="Van mij"),
        await initiatives.post(f"/initiatives/{initiative}/withdrawal", {"reason": "other"}, by="boris"),
        await initiatives.patch(initiative, 1, by="otto", title="Van mij"),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in others] == [(403, "not-yours")] * 3
    assert (await initiatives.take_back(initiative, by="boris")).status_code == 404
    assert len(await initiatives.told()) == told


@pytest.mark.parametrize("operation", REQUESTS)
async def test_nothing_is_done_without_a_token_that_counts(initiatives: Initiatives, operation: str) -> None:
    other = ECKey.generate_key("P-256", auto_kid=True)
    for authorization in (
        "",
        "Bearer",
        "Basic YnJhbTpicmFt",
        "Bearer not.a.token",
        f"Bearer {token('anna', *Role, aud='another')}",
        f"Bearer {token('anna', *Role, iss='http://another')}",
        f"Bearer {token('anna', *Role, exp=1)}",
    ):
        answer = await ask(initiatives, operation, authorization)
        assert answer.status_code == 401, f"{authorization[:40]}: {answer.text}"
        assert answer.headers["Content-Type"] == "application/problem+json"
    forged = await ask(initiatives, operation, f"Bearer {token('anna', *Role, key=other)}")
    assert forged.status_code in {401, 503}
    assert await initiatives.told() == []
