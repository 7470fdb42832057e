"""Members of the inspiration council over HTTP, on a real database."""

from uuid import uuid4

import pytest
from tests.presence.conftest import Presence
from tests.presence.council import Council
from tests.support import person

from dorpsplein.contracts.presence.members import (
    CouncilInvitationDeclined,
    CouncilMemberInvited,
    CouncilMemberJoined,
    CouncilMemberLeft,
    CouncilMemberState,
)


@pytest.fixture
def council(presence: Presence) -> Council:
    return Council(presence)


async def test_somebody_is_asked_joins_says_what_they_bring_and_leaves(presence: Presence, council: Council) -> None:
    kees = await council.member("kees")
    asked = await council.ask("lena", "kees", "inspirator")
    lena = asked.json()["id"]
    assert asked.headers["Location"] == f"/v1/council-members/{lena}"
    assert await council.notices() == {("council-invited", person("kees")), ("council-invited", person("lena"))}
    await council.done(f"/council-members/{lena}/acceptance", by="lena")
    said = await council.put(f"/council-members/{lena}/words", {"words": "Ik bak brood."}, by="lena", version=2)
    assert (said.status_code, said.headers["ETag"]) == (200, '"3"')
    assert "brood" not in said.text
    shown = await presence.get(f"/council-members/{lena}")
    assert shown.headers["ETag"] == '"3"'
    assert shown.json() | {"termFrom": "", "termUntil": ""} == {
        "id": lena,
        "personId": str(person("lena")),
        "kind": "inspirator",
        "status": "serving",
        "themes": ["sport"],
        "invitedBy": str(person("kees")),
        "termFrom": "",
        "termUntil": "",
        "leftHow": None,
        "endedWhy": None,
        "version": 3,
        "words": "Ik bak brood.",
    }
    await council.done(f"/council-members/{lena}/resignation", by="lena")
    gone = (await presence.get(f"/council-members/{lena}")).json()
    assert (gone["status"], gone["leftHow"], gone["words"]) == ("ended", "resigned", "Ik bak brood.")
    assert (await council.put(f"/council-members/{lena}/words", {"words": None}, by="lena", version=4)).is_success
    assert (await presence.get(f"/council-members/{lena}")).json()["words"] is None
    assert (await council.told())[4:] == [
        (CouncilMemberInvited, 1, False),
        (CouncilMemberState, 1, False),
        (CouncilMemberJoined, 2, False),
        (CouncilMemberState, 2, False),
        (CouncilMemberState, 3, False),
        (CouncilMemberLeft, 4, False),
        (CouncilMemberState, 4, False),
        (CouncilMemberState, 5, False),
    ]
    facts = [body.decode() for kind, _, body in await presence.events() if body and kind is not CouncilMemberState]
    assert "brood" not in str(facts)
    assert [one["id"] for one in await presence.pages("/council-members", limit=1)] == [kees, lena]
    assert [one["id"] for one in await presence.pages("/council-members", status="serving")] == [kees]
    assert [one["id"] for one in await presence.pages("/council-members", kind="inspirator")] == [lena]


async def test_who_says_no_or_is_asked_no_more_is_shown_to_nobody(presence: Presence, council: Council) -> None:
    kees = await council.member("kees")
    for who, path, by in (("lena", "declining", "lena"), ("lena", "taking-back", "kees")):
        member = (await council.ask(who, "kees", "inspirator")).json()["id"]
        await council.forget()
        answer = await council.done(f"/council-members/{member}/{path}", by=by)
        assert answer["status"] == ("declined" if path == "declining" else "taken-back")
        assert await council.told() == [(CouncilInvitationDeclined, 2, False), (CouncilMemberState, 2, True)]
        assert (await presence.get(f"/council-members/{member}")).status_code == 404
    assert [one["id"] for one in await presence.pages("/council-members")] == [kees]
    for status in ("declined", "taken-back"):
        assert await presence.pages("/council-members", status=status) == []
    assert await presence.rows("select ref::text from timers where kind = 'council-term'") == [(kees,)]


async def test_one_open_membership_a_person_and_who_left_may_be_asked_again(council: Council) -> None:
    await council.member("kees")
    lena = await council.member("lena", "kees", "inspirator")
    for again, kind in (("kees", "inspirator"), ("otto", "core")):
        answer = await council.ask("lena", again, kind)
        assert (answer.status_code, answer.json()["code"]) == (422, "membership-open")
        assert answer.json()["memberId"] == lena
    await council.done(f"/council-members/{lena}/resignation", by="lena")
    assert (await council.ask("lena", "otto", "core")).status_code == 201


async def test_only_who_may_asks_ends_or_answers(council: Council) -> None:
    kees = await council.member("kees")
    lena = await council.member("lena", "kees", "inspirator")
    for by, kind, code in (
        ("lena", "inspirator", "not-in-the-core"),
        ("erik", "inspirator", "not-in-the-core"),
        ("otto", "inspirator", "not-in-the-core"),
        ("kees", "core", "not-an-operator"),
    ):
        answer = await council.ask("anna", by, kind)
        assert (answer.status_code, answer.json()["code"]) == (403, code)
    anna = (await council.ask("anna", "kees", "inspirator")).json()["id"]
    for path, by, code in (
        (f"{anna}/acceptance", "kees", "not-your-membership"),
        (f"{anna}/declining", "otto", "not-your-membership"),
        (f"{anna}/taking-back", "otto", "not-your-invitation"),
        (f"{lena}/resignation", "kees", "not-your-membership"),
    ):
        assert await council.refused(f"/council-members/{path}", by=by) == (403, code)
    why = {"reason": "no-longer-active"}
    assert await council.refused(f"/council-members/{kees}/ending", why, by="kees") == (403, "not-an-operator")
    assert await council.refused(f"/council-members/{lena}/ending", why, by="lena") == (403, "not-in-the-core")
    ended = await council.done(f"/council-members/{lena}/ending", why, by="kees")
    assert (ended["leftHow"], ended["endedWhy"]) == ("ended", "no-longer-active")
    assert (await council.done(f"/council-members/{kees}/ending", why, by="otto"))["status"] == "ended"
    assert (await council.refused(f"/council-members/{uuid4()}/acceptance", by="kees"))[0] == 404
    for version, status in ((1, 412), (9, 412)):
        assert (
            await council.put(f"/council-members/{anna}/words", {"words": "x"}, by="kees", version=version)
        ).status_code == 403
        changed = await council.put(f"/council-members/{anna}/words", {"words": "x"}, by="anna", version=version + 1)
        assert changed.status_code == status


async def test_a_term_ends_by_itself_once_and_an_unanswered_invitation_with_it(
    presence: Presence, council: Council
) -> None:
    kees = await council.member("kees", end_d=30)
    await council.ask("lena", "kees", "inspirator", end_d=30)
    stays = await council.member("otis", end_d=60)
    assert await council.pass_by(days=29.9) == 0
    await council.forget()
    assert await council.pass_by(days=0.1) == 2
    assert await council.pass_by(days=0.1) == 0
    assert sorted((kind.__name__, version, erased) for kind, version, erased in await council.told()) == [
        ("CouncilInvitationDeclined", 2, False),
        ("CouncilMemberLeft", 3, False),
        ("CouncilMemberState", 2, True),
        ("CouncilMemberState", 3, False),
    ]
    shown = (await presence.get(f"/council-members/{kees}")).json()
    assert (shown["status"], shown["leftHow"], shown["endedWhy"]) == ("ended", "term-over", None)
    assert await presence.rows("select ref::text from timers") == [(stays,)]
    assert (await council.ask("lena", "kees", "inspirator")).json()["code"] == "not-in-the-core"
