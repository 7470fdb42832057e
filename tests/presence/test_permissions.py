"""The permission table, walked: every operation by every role, and without a token that counts."""

from httpx import Response
from joserfc.jwk import ECKey
from tests.presence.conftest import Presence
from tests.support import KEY, token

from dorpsplein.identity import Role
from presence.app import SERVICE
from presence.permissions import PERMISSIONS, WITHOUT_LOGIN

ID = "0190f1e2-0000-7000-8000-000000000000"
FORGED = ECKey.generate_key("P-256", {"kid": str(KEY.kid)})
REQUESTS = {
    "add_place": ("POST", "/places"),
    "change_place": ("PUT", f"/places/{ID}"),
    "close_place": ("POST", f"/places/{ID}/closing"),
    "import_places": ("POST", "/place-imports"),
    "read_place_import": ("GET", f"/place-imports/{ID}"),
    "offer_facility": ("POST", f"/places/{ID}/facilities"),
    "change_facility": ("PUT", f"/facilities/{ID}"),
    "withdraw_facility": ("POST", f"/facilities/{ID}/withdrawal"),
    "announce_presence": ("POST", "/presence-slots"),
    "move_presence": ("POST", f"/presence-slots/{ID}/move"),
    "announce_series": ("POST", "/presence-series"),
    "end_series": ("POST", f"/presence-series/{ID}/end"),
    "list_own_series": ("GET", "/presence-series/mine"),
    "go_out_alone": ("POST", "/lone-visits"),
    "put_off_return": ("POST", f"/lone-visits/{ID}/check-in"),
    "come_back": ("POST", f"/lone-visits/{ID}/return"),
    "list_own_lone_visits": ("GET", "/lone-visits/mine"),
    "read_lone_visit": ("GET", f"/lone-visits/{ID}"),
    "arrive": ("POST", f"/presence-slots/{ID}/arrival"),
    "leave": ("POST", f"/presence-slots/{ID}/departure"),
    "cancel_presence": ("POST", f"/presence-slots/{ID}/cancellation"),
    "list_own_slots": ("GET", "/presence-slots/mine"),
    "note_encounter": ("POST", "/encounters"),
    "list_own_encounters": ("GET", "/encounters/mine"),
    "read_encounter": ("GET", f"/encounters/{ID}"),
    "withdraw_consent": ("POST", f"/encounters/{ID}/consent-withdrawal"),
    "announce_session": ("POST", "/sessions"),
    "start_session": ("POST", f"/sessions/{ID}/start"),
    "cancel_session": ("POST", f"/sessions/{ID}/cancellation"),
    "move_session": ("POST", f"/sessions/{ID}/move"),
    "resize_session": ("POST", f"/sessions/{ID}/capacity"),
    "thank_for_session": ("POST", f"/sessions/{ID}/thanks"),
    "read_session_code": ("GET", f"/sessions/{ID}/code"),
    "check_in_by_hand": ("POST", f"/seats/{ID}/check-in"),
    "give_role": ("PUT", f"/seats/{ID}/role"),
    "list_seats": ("GET", f"/sessions/{ID}/seats"),
    "read_own_seat": ("GET", f"/sessions/{ID}/seats/mine"),
    "list_own_seats": ("GET", "/me/seats"),
    "bring_in_harvest": ("POST", f"/sessions/{ID}/harvest"),
    "withdraw_line_consent": ("POST", f"/harvest-lines/{ID}/consent-withdrawal"),
    "invite_council_member": ("POST", "/council-members"),
    "accept_membership": ("POST", f"/council-members/{ID}/acceptance"),
    "decline_membership": ("POST", f"/council-members/{ID}/declining"),
    "take_back_membership": ("POST", f"/council-members/{ID}/taking-back"),
    "resign_membership": ("POST", f"/council-members/{ID}/resignation"),
    "end_membership": ("POST", f"/council-members/{ID}/ending"),
    "say_member_words": ("PUT", f"/council-members/{ID}/words"),
    "invite_council": ("POST", "/visits"),
    "accept_visit": ("POST", f"/visits/{ID}/acceptance"),
    "decline_visit": ("POST", f"/visits/{ID}/declining"),
    "cancel_visit": ("POST", f"/visits/{ID}/cancellation"),
    "say_visited": ("POST", f"/visits/{ID}/visited"),
    "report_visit": ("POST", f"/visits/{ID}/report"),
    "amend_report": ("PUT", f"/visits/{ID}/report"),
    "make_council_promise": ("POST", f"/visits/{ID}/promises"),
    "keep_council_promise": ("POST", f"/council-promises/{ID}/keeping"),
    "let_go_council_promise": ("POST", f"/council-promises/{ID}/letting-go"),
    "add_working_form": ("POST", "/working-forms"),
    "change_working_form": ("PUT", f"/working-forms/{ID}"),
    "retire_working_form": ("POST", f"/working-forms/{ID}/retirement"),
    "ask_for_session": ("POST", "/session-requests"),
    "join_request": ("PUT", f"/session-requests/{ID}/joining"),
    "leave_request": ("DELETE", f"/session-requests/{ID}/joining"),
    "pick_up_request": ("POST", f"/session-requests/{ID}/pick-up"),
    "withdraw_request": ("POST", f"/session-requests/{ID}/withdrawal"),
    "list_own_requests": ("GET", "/session-requests/mine"),
    "keep_officer_profile": ("PUT", "/me/officer-profile"),
    "read_officer_profile": ("GET", "/me/officer-profile"),
    "remove_officer_profile": ("DELETE", "/me/officer-profile"),
    "suggest_arrangers": ("GET", f"/session-requests/{ID}/arrangers"),
    "suggest_requests": ("GET", "/me/suggested-requests"),
    "carry_out_field_commands": ("POST", "/field-commands"),
}


async def ask(presence: Presence, operation: str, authorization: str = "") -> Response:
    method, path = REQUESTS[operation]
    headers = {"Authorization": authorization} if authorization else {}
    return await presence.client.request(method, path, headers=headers, json=None if method == "GET" else {})


def test_every_operation_that_changes_something_is_in_the_table() -> None:
    assert set(REQUESTS) == set(PERMISSIONS)
    routes = [route for router in SERVICE.routers for route in router.routes]
    changing = {route.name for route in routes if route.methods - {"GET", "HEAD"}}  # type: ignore[attr-defined]
    assert changing <= set(PERMISSIONS) | WITHOUT_LOGIN
    assert changing - set(PERMISSIONS) >= WITHOUT_LOGIN


async def test_each_role_may_do_what_the_table_says_and_nothing_else(presence: Presence) -> None:
    for operation, permission in PERMISSIONS.items():
        for role in Role:
            answer = await ask(presence, operation, f"Bearer {token('someone', role)}")
            denied = answer.status_code == 403 and answer.json()["code"] == "role-not-allowed"
            assert denied == (role not in permission.roles), f"{operation} by {role}: {answer.text}"


async def test_nothing_is_done_without_a_token_that_counts(presence: Presence) -> None:
    tokens = [
        "",
        "Bearer",
        "Basic YnJhbTpicmFt",
        "Bearer not.a.token",
        "Bearer " + "[" * 20_000,
        f"Bearer {token('bram', Role.ARRANGER, aud='another')}",
        f"Bearer {token('bram', Role.ARRANGER, iss='http://another')}",
        f"Bearer {token('bram', Role.ARRANGER, exp=1)}",
        f"Bearer {token('bram', Role.ARRANGER, key=FORGED)}",
    ]
    for operation in REQUESTS:
        for authorization in tokens:
            answer = await ask(presence, operation, authorization)
            assert answer.status_code == 401, f"{operation} {authorization[:40]}: {answer.text}"
            assert answer.headers["Content-Type"] == "application/problem+json"
    assert await presence.events() == []
