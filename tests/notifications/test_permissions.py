"""The permission table is the test: every operation, every role."""

from typing import Any
from uuid import uuid4

import pytest
from tests.notifications.conftest import Square
from tests.support import login

from dorpsplein.identity import Role
from notifications.permissions import PERMISSIONS

THERE_IS_NONE = f"/subscriptions/{uuid4()}"
REQUESTS: dict[str, tuple[str, str, Any]] = {
    "start-follow": ("POST", "/follows", {"kind": "theme", "theme": "groen"}),
    "list-follows": ("GET", "/me/follows", None),
    "stop-follow": ("DELETE", f"/follows/{uuid4()}", None),
    "read-own-feed": ("GET", "/me/feed", None),
    "read-own-lines": ("GET", "/me/lines", None),
    "read-address": ("GET", "/me/address", None),
    "set-address": ("PUT", "/me/address", {"email": "a@example.org"}),
    "remove-address": ("DELETE", "/me/address", None),
    "create-subscription": ("POST", "/subscriptions", {"callbackUrl": "http://127.0.0.1/"}),
    "list-subscriptions": ("GET", "/subscriptions", None),
    "read-subscription": ("GET", THERE_IS_NONE, None),
    "end-subscription": ("DELETE", THERE_IS_NONE, None),
    "read-deliveries": ("GET", f"{THERE_IS_NONE}/deliveries", None),
    "replay-deliveries": ("POST", f"{THERE_IS_NONE}/replay", {"afterPosition": 0}),
}
OPEN = ("/feed", f"/initiative-supports?ids={uuid4()}", "/inbox")


def test_every_operation_has_a_request_here() -> None:
    assert REQUESTS.keys() == PERMISSIONS.keys()


@pytest.mark.parametrize("operation", PERMISSIONS)
async def test_an_operation_is_for_its_roles_only(square: Square, operation: str) -> None:
    method, path, body = REQUESTS[operation]
    for role in Role:
        answer = await square.client.request(method, path, json=body, headers=login("someone", role))
        if role in PERMISSIONS[operation].roles:
            assert answer.status_code in {200, 201, 204, 404}, (role, answer.text)
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed"), role
    assert (await square.client.request(method, path, json=body)).status_code == 401


@pytest.mark.parametrize("path", OPEN)
async def test_public_facts_are_read_without_login(square: Square, path: str) -> None:
    assert (await square.client.get(path)).status_code == 200
