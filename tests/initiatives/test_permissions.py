"""The permission table, walked: every operation by every role, and without a token that counts."""

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
    "start_co_creation": ("POST", f"/initiatives/{ID}/co-creation"),
    "start": ("POST", f"/initiatives/{ID}/start"),
    "celebrate": ("POST", f"/initiatives/{ID}/celebration"),
    "pause": ("POST", f"/initiatives/{ID}/pause"),
    "go_on": ("POST", f"/initiatives/{ID}/resumption"),
    "invite": ("POST", f"/initiatives/{ID}/invitations"),
    "accept_invitation": ("POST", f"/initiatives/{ID}/invitations/acceptance"),
    "decline_invitation": ("DELETE", f"/initiatives/{ID}/invitations/{ID}"),
    "leave": ("DELETE", f"/initiatives/{ID}/initiators/me"),
    "write_draft": ("POST", "/drafts"),
    "read_drafts": ("GET", "/drafts"),
    "keep_draft": ("PUT", f"/drafts/{ID}"),
    "drop_draft": ("DELETE", f"/drafts/{ID}"),
    "propose_draft": ("POST", f"/drafts/{ID}/proposal"),
    "set_milestone": ("POST", f"/initiatives/{ID}/milestones"),
    "reach_milestone": ("POST", f"/milestones/{ID}/reaching"),
    "let_milestone_go": ("POST", f"/milestones/{ID}/letting-go"),
    "give_support": ("PUT", f"/initiatives/{ID}/support"),
    "take_support_back": ("DELETE", f"/initiatives/{ID}/support"),
    "open_storyboard": ("POST", f"/initiatives/{ID}/dream"),
    "add_scene": ("POST", f"/dreams/{ID}/scenes"),
    "change_scene": ("PATCH", f"/dreams/{ID}/scenes/{ID}"),
    "remove_scene": ("DELETE", f"/dreams/{ID}/scenes/{ID}"),
    "order_scenes": ("PUT", f"/dreams/{ID}/order"),
    "fill_scene": ("POST", f"/scenes/{ID}/parts"),
    "clear_part": ("DELETE", f"/scene-parts/{ID}"),
    "write_english": ("PUT", f"/scene-parts/{ID}/english"),
    "take_english_away": ("DELETE", f"/scene-parts/{ID}/english"),
    "ask_render": ("POST", f"/dreams/{ID}/renders"),
    "publish_dream": ("POST", f"/dreams/{ID}/publication"),
    "list_own_consents": ("GET", "/me/consents"),
    "give_consent": ("POST", f"/consents/{ID}/giving"),
    "decline_consent": ("POST", f"/consents/{ID}/declining"),
    "withdraw_consent": ("POST", f"/consents/{ID}/withdrawal"),
    "list_own_stories": ("GET", "/me/stories"),
    "preview_story": ("GET", f"/me/stories/{ID}"),
    "tell_story": ("POST", f"/initiatives/{ID}/stories"),
    "edit_story": ("PATCH", f"/stories/{ID}"),
    "publish_story": ("POST", f"/stories/{ID}/publication"),
    "withdraw_story": ("POST", f"/stories/{ID}/withdrawal"),
    "retell_story": ("POST", f"/stories/{ID}/retellings"),
    "withdraw_retelling": ("DELETE", f"/stories/{ID}/retellings/{ID}"),
    "count_batch": ("POST", f"/initiatives/{ID}/paper-batches"),
    "recount_batch": ("PUT", f"/paper-batches/{ID}"),
    "undo_batch": ("DELETE", f"/paper-batches/{ID}"),
    "propose_merge": ("POST", f"/initiatives/{ID}/merges"),
    "withdraw_merge": ("POST", f"/merges/{ID}/withdrawal"),
    "agree_to_merge": ("POST", f"/merges/{ID}/agreement"),
    "decline_merge": ("POST", f"/merges/{ID}/refusal"),
    "undo_merge": ("POST", f"/merges/{ID}/undoing"),
    "move_support": ("PUT", f"/merges/{ID}/consent"),
    "return_support": ("DELETE", f"/merges/{ID}/consent"),
    "offer_contribution": ("POST", f"/initiatives/{ID}/contributions"),
    "place_contribution": ("POST", f"/contributions/{ID}/placing"),
    "set_contribution_aside": ("POST", f"/contributions/{ID}/setting-aside"),
    "withdraw_contribution": ("POST", f"/contributions/{ID}/withdrawal"),
    "claim_experience": ("PUT", "/me/lived-experience/mantelzorg"),
    "withdraw_experience": ("DELETE", "/me/lived-experience/mantelzorg"),
    "choose_name": ("PUT", "/me/profile"),
    "import_initiatives": ("POST", "/initiatives/bulk"),
    "import_supports": ("POST", "/supports/bulk"),
    "begin_upload": ("POST", "/uploads"),
    "read_upload": ("HEAD", f"/uploads/{ID}"),
    "append_to_upload": ("PATCH", f"/uploads/{ID}"),
    "end_upload": ("DELETE", f"/uploads/{ID}"),
    "remove_media": ("DELETE", f"/media/{ID}"),
    "report": ("POST", "/reports"),
    "list_reports": ("GET", "/reports"),
    "decide_report": ("POST", f"/reports/{ID}/decision"),
    "appeal_hiding": ("POST", f"/moderation/decisions/{ID}/appeal"),
    "list_appeals": ("GET", "/moderation/appeals"),
    "answer_appeal": ("POST", f"/moderation/decisions/{ID}/outcome"),
    "respond": ("POST", f"/initiatives/{ID}/responses"),
    "amend_response": ("PUT", f"/responses/{ID}"),
    "keep_promise": ("POST", f"/promises/{ID}/keeping"),
    "contest_promise": ("POST", f"/promises/{ID}/contest"),
    "release_promise": ("POST", f"/promises/{ID}/release"),
    "halt": ("POST", f"/initiatives/{ID}/halt"),
    "appeal_halt": ("POST", f"/initiatives/{ID}/halt/appeal"),
    "uphold_halt": ("POST", f"/initiatives/{ID}/halt/upholding"),
    "lift_halt": ("POST", f"/initiatives/{ID}/halt/lifting"),
}


async def ask(initiatives: Initiatives, operation: str, authorization: str = "") -> Response:
    method, path = REQUESTS[operation]
    headers = {"Authorization": authorization} if authorization else {}
    return await initiatives.client.request(method, path, headers={"Tus-Resumable": "1.0.0", **headers}, json={})


def test_every_operation_that_changes_something_is_in_the_table() -> None:
    assert set(REQUESTS) == set(PERMISSIONS)
    routes = [route for router in SERVICE.routers for route in router.routes]
    assert {route.name for route in routes if route.methods - {"GET", "HEAD", "OPTIONS"}} <= set(PERMISSIONS)  # type: ignore[attr-defined]
    assert set(PERMISSIONS) <= {route.name for route in routes}  # type: ignore[attr-defined]


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


async def test_nothing_is_done_without_a_token_that_counts(initiatives: Initiatives) -> None:
    other = ECKey.generate_key("P-256", auto_kid=True)
    wrong = (
        "",
        "Bearer",
        "Basic YnJhbTpicmFt",
        "Bearer not.a.token",
        f"Bearer {token('anna', *Role, aud='another')}",
        f"Bearer {token('anna', *Role, iss='http://another')}",
        f"Bearer {token('anna', *Role, exp=1)}",
    )
    for operation in REQUESTS:
        for authorization in wrong:
            answer = await ask(initiatives, operation, authorization)
            assert answer.status_code == 401, f"{operation} with {authorization[:40]}: {answer.text}"
            assert answer.headers["Content-Type"] == "application/problem+json"
        forged = await ask(initiatives, operation, f"Bearer {token('anna', *Role, key=other)}")
        assert forged.status_code in {401, 503}
    assert await initiatives.told() == []
