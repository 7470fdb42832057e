"""Who speaks for the council in funding: its core group as presence tells of it, whatever a token says."""

from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.funding.conftest import NOON, Funding
from tests.support import login, person

from dorpsplein.contracts.presence.members import CouncilMemberJoined, CouncilMemberLeft
from dorpsplein.envelope import Event
from dorpsplein.identity import Role

ID = uuid4()
MONTH = timedelta(days=30)
FOR_THE_COUNCIL: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "set_knob_bounds": ("PUT", f"/funds/{ID}/knob-bounds", {"bounds": {"numerator": {"least": 1, "most": 2}}}),
    "consent_to_knob_change": ("POST", f"/knob-changes/{ID}/consent", None),
    "veto_knob_change": ("POST", f"/knob-changes/{ID}/veto", {"ground": "Onwettig."}),
    "override_outcome": (
        "POST",
        f"/counts/{ID}/overrides",
        {"reason": "Beter zo.", "changes": [{"candidateId": "a", "amountCents": 1}]},
    ),
}
"""What the council does, each about something that is not there: who may do it is answered with 404."""


def joined(who: str, member: UUID, kind: str = "core", start: timedelta = -MONTH, end: timedelta = MONTH) -> Event:
    return CouncilMemberJoined(
        member_id=member, person_id=person(who), kind=kind, term_from=NOON + start, term_until=NOON + end
    )


def left(who: str, member: UUID, kind: str = "core") -> Event:
    return CouncilMemberLeft(member_id=member, person_id=person(who), kind=kind, reason="resigned")


async def answers(funding: Funding, who: str, *roles: Role) -> set[tuple[int, str]]:
    """What somebody is answered who does all that the council does."""
    found = set()
    for method, path, body in FOR_THE_COUNCIL.values():
        answer = await funding.client.request(method, path, json=body, headers=login(who, *roles))
        found.add((answer.status_code, "" if answer.status_code == 404 else answer.json()["code"]))
    return found


MAY, MAY_NOT = {(404, "")}, {(403, "not-in-the-core")}


async def test_without_a_council_the_role_is_enough_and_with_one_only_its_core_group_counts(funding: Funding) -> None:
    assert await answers(funding, "erik") == MAY
    await funding.hear(
        (joined("ilse", uuid4(), "inspirator"), 2), (joined("fred", uuid4(), start=MONTH, end=2 * MONTH), 2)
    )
    assert await answers(funding, "erik") == MAY
    kees = uuid4()
    await funding.hear((joined("kees", kees), 2))
    for who in ("erik", "ilse", "fred"):
        assert await answers(funding, who, Role.COUNCIL_CORE) == MAY_NOT
    assert await answers(funding, "kees", Role.COUNCIL_CORE) == MAY
    assert await answers(funding, "kees", Role.RESIDENT) == {(403, "role-not-allowed")}
    funding.now = NOON + MONTH
    assert await answers(funding, "kees", Role.COUNCIL_CORE) == MAY_NOT
    assert await answers(funding, "fred", Role.COUNCIL_CORE) == MAY


async def test_an_alderman_vetoes_whoever_is_in_the_council(funding: Funding) -> None:
    await funding.hear((joined("kees", uuid4()), 2))
    for roles, expected in (((Role.ALDERMAN,), 404), ((Role.ALDERMAN, Role.COUNCIL_CORE), 404)):
        _, path, body = FOR_THE_COUNCIL["veto_knob_change"]
        assert (await funding.client.post(path, json=body, headers=login("dora", *roles))).status_code == expected


async def test_when_all_have_left_the_role_alone_does_not_count_again(funding: Funding) -> None:
    kees = uuid4()
    await funding.hear((joined("kees", kees), 2), (left("kees", kees), 3))
    for who in ("kees", "erik"):
        assert await answers(funding, who, Role.COUNCIL_CORE) == MAY_NOT


KEES, LENA = uuid4(), uuid4()
HISTORY = [(joined("kees", KEES), 2), (left("kees", KEES), 3), (joined("lena", LENA, "inspirator"), 2)]


@pytest.mark.parametrize("apart", [True, False])
async def test_any_order_and_any_batches_of_what_is_told_lead_to_the_same(funding: Funding, apart: bool) -> None:
    term = (NOON - MONTH, NOON + MONTH)
    expected = sorted([(KEES, person("kees"), "core", *term, True), (LENA, person("lena"), "inspirator", *term, False)])
    for order in permutations(HISTORY):
        await funding.rows("delete from council")
        await funding.rows("delete from inbox")
        for batch in [[one] for one in order] if apart else [order]:
            await funding.hear(*batch)
            await funding.hear(*batch)
        assert await funding.rows("select * from council order by member_id") == expected
