"""Reports and moderation over HTTP on a real database: what is hidden, who hears why, and what comes back."""

import asyncio
from datetime import timedelta
from typing import Any

from tests.initiatives.conftest import GARDEN, NOON, Initiatives, some_id
from tests.initiatives.moderating import about, act, done, hidden, refused
from tests.support import person

from dorpsplein.contracts.initiatives.initiatives import InitiativeState
from dorpsplein.contracts.initiatives.moderation import (
    ContentHidden,
    ContentRestored,
    HidingAppealed,
    HidingSettled,
    HidingUpheld,
    InitiativeHidingChanged,
    ReportDismissed,
    ReportHonoured,
    ReportMade,
)
from dorpsplein.timers import fire_due
from initiatives.api.views import moderation as views
from initiatives.domain.house_rules import Rule
from initiatives.domain.moderation import APPEAL
from initiatives.domain.reports import MOST_A_DAY
from initiatives.timers import HANDLERS

DISMISS = {"hide": False, "rule": "spam", "reason": "Dit is geen reclame."}
HIDE = {"hide": True, "rule": "spam", "reason": "Dit is reclame."}


async def log(initiatives: Initiatives) -> list[dict[str, Any]]:
    document = (await initiatives.get("/moderation/log")).json()
    views.DecisionList.model_validate(document, extra="forbid")
    items: list[dict[str, Any]] = document["items"]
    return items


async def told_of(initiatives: Initiatives, *kinds: type[Any]) -> list[type[Any]]:
    return [kind for kind, _ in await initiatives.facts() if kind in kinds]


async def test_the_house_rules_are_public(initiatives: Initiatives) -> None:
    rules = views.HouseRules.model_validate((await initiatives.get("/moderation/rules")).json(), extra="forbid")
    assert [rule.code for rule in rules.items] == list(Rule)


async def test_a_report_is_made_once_and_says_nowhere_who_made_it(initiatives: Initiatives) -> None:
    garden = await initiatives.propose()
    report = await done(initiatives, "/reports", about(garden), by="boris")
    views.Report.model_validate(report, extra="forbid")
    assert report["status"] == "open"
    refused(
        await act(initiatives, "POST", "/reports", about(garden, rule="threat"), by="boris"), 409, "reported-already"
    )
    refused(await act(initiatives, "POST", "/reports", about(garden), by="anna"), 403, "own-content")
    refused(await act(initiatives, "POST", "/reports", about(some_id(9)), by="boris"), 404, "initiative-unknown")
    for kind in ("contribution", "story", "retelling", "scene"):
        refused(await act(initiatives, "POST", "/reports", about(garden, kind), by="boris"), 404, f"{kind}-unknown")
    waiting = await act(initiatives, "GET", "/reports", by="petra")
    (shown,) = views.OpenReportList.model_validate(waiting.json(), extra="forbid").items
    assert shown.content is not None
    assert str(GARDEN["summary"]) in shown.content
    assert str(person("boris")) not in waiting.text
    mine = (await act(initiatives, "GET", "/me/reports", by="boris")).json()
    assert [one.words for one in views.OwnReportList.model_validate(mine, extra="forbid").items] == ["Dit is reclame."]
    assert (await act(initiatives, "GET", "/me/reports", by="carla")).json()["items"] == []
    (made,) = [event for event in await initiatives.told() if isinstance(event.event, ReportMade)]
    assert str(person("boris")) not in made.event.model_dump_json() + str(made.headers)


async def test_twenty_reports_a_day_are_enough(initiatives: Initiatives) -> None:
    gardens = [await initiatives.propose() for _ in range(MOST_A_DAY + 1)]
    for garden in gardens[:-1]:
        await done(initiatives, "/reports", about(garden), by="boris")
    refused(await act(initiatives, "POST", "/reports", about(gardens[-1]), by="boris"), 422, "too-many-reports")
    await done(initiatives, "/reports", about(gardens[-1]), by="carla")
    initiatives.now += timedelta(days=1)
    await done(initiatives, "/reports", about(gardens[-1]), by="boris")
    seen = [item["id"] async for page in pages(initiatives, "/reports", by="petra", limit=8) for item in page]
    assert len(seen) == len(set(seen)) == MOST_A_DAY + 2


async def pages(initiatives: Initiatives, path: str, *, by: str, limit: int) -> Any:
    cursor = ""
    while cursor is not None:
        query = f"?limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        answer = (await act(initiatives, "GET", path + query, by=by)).json()
        yield answer["items"]
        cursor = answer["next"]


async def test_a_report_can_be_dismissed_with_a_reason_and_nothing_is_hidden(initiatives: Initiatives) -> None:
    garden = await initiatives.propose()
    report = (await done(initiatives, "/reports", about(garden), by="boris"))["id"]
    answer = await done(initiatives, f"/reports/{report}/decision", DISMISS, by="petra")
    assert (answer["status"], answer["reason"]) == ("dismissed", DISMISS["reason"])
    refused(await act(initiatives, "POST", f"/reports/{report}/decision", HIDE, by="piet"), 422, "report-decided")
    assert (await initiatives.page(garden))["title"] == GARDEN["title"]
    assert await log(initiatives) == []
    assert await told_of(initiatives, ReportDismissed, ContentHidden) == [ReportDismissed]
    assert (await act(initiatives, "GET", "/me/reports", by="boris")).json()["items"][0]["status"] == "dismissed"


async def test_what_is_hidden_is_gone_everywhere_but_from_the_log(initiatives: Initiatives) -> None:
    garden = await initiatives.propose()
    other = (await done(initiatives, "/reports", about(garden, rule="threat"), by="carla"))["id"]
    decision = await hidden(initiatives, garden)
    (line,) = await log(initiatives)
    assert line == (await initiatives.get(f"/moderation/decisions/{decision}")).json()
    assert (line["subjectId"], line["rule"], line["reason"], line["status"]) == (
        garden,
        "spam",
        "Het is reclame.",
        "hidden",
    )
    assert str(GARDEN["title"]) not in str(line)
    assert await initiatives.rows("select subject_kind, subject_id::text from hidden") == [("initiative", garden)]
    gone = refused(await act(initiatives, "POST", "/reports", about(garden), by="dirk"), 410, "hidden")
    assert (gone["rule"], gone["reason"]) == ("spam", "Het is reclame.")
    assert (await initiatives.client.get(gone["log"].removeprefix("/v1"))).json()["id"] == decision
    for path in (f"/initiatives/{garden}", f"/initiatives/{garden}/responses"):
        refused(await initiatives.get(path), 410, "hidden")
    assert await initiatives.found() == []
    told = [event for event in await initiatives.told() if event.subject == garden][-2:]
    assert [(type(event.event), event.sequence, event.erased) for event in told] == [
        (InitiativeHidingChanged, 2, False),
        (InitiativeState, 2, True),
    ]
    honoured = await initiatives.rows("select status, decision_id::text from reports where id = $1", other)
    assert honoured == [("honoured", decision)]
    assert await told_of(initiatives, ReportHonoured, ContentHidden) == [ContentHidden, ReportHonoured, ReportHonoured]


async def test_whatever_is_saved_of_something_hidden_leaves_without_its_words(initiatives: Initiatives) -> None:
    garden, other = await initiatives.propose(), await initiatives.propose()
    await hidden(initiatives, garden)
    for initiative, version in ((garden, 2), (other, 1)):
        assert (await initiatives.patch(initiative, version, title="Een tuin")).status_code == 200
    last = {
        event.subject: event.erased for event in await initiatives.told() if isinstance(event.event, InitiativeState)
    }
    assert last == {garden: True, other: False}


async def test_its_author_hears_why_and_appeals_and_another_moderator_shows_it_again(initiatives: Initiatives) -> None:
    garden = await initiatives.propose()
    decision = await hidden(initiatives, garden)
    path = f"/moderation/decisions/{decision}"
    (mine,) = (await act(initiatives, "GET", "/me/moderation", by="anna")).json()["items"]
    assert (mine["id"], mine["reason"], mine["appealWords"]) == (decision, "Het is reclame.", None)
    assert (await act(initiatives, "GET", "/me/moderation", by="boris")).json()["items"] == []
    refused(await act(initiatives, "POST", f"{path}/appeal", {"words": "Nee."}, by="boris"), 403, "not-yours")
    restore = {"restore": True, "reason": "Het is een echte tuin."}
    refused(await act(initiatives, "POST", f"{path}/outcome", restore, by="piet"), 422, "not-appealed")
    initiatives.now += timedelta(days=13)
    views.Decision.model_validate(
        await done(initiatives, f"{path}/appeal", {"words": "Nee."}, by="anna"), extra="forbid"
    )
    appeals = (await act(initiatives, "GET", "/moderation/appeals", by="piet")).json()
    (appeal,) = views.AppealList.model_validate(appeals, extra="forbid").items
    assert (appeal.appeal_words, appeal.content is not None) == ("Nee.", True)
    refused(await act(initiatives, "POST", f"{path}/outcome", restore, by="petra"), 403, "decided-before")
    line = await done(initiatives, f"{path}/outcome", restore, by="piet")
    assert (line["status"], line["outcomeReason"]) == ("restored", "Het is een echte tuin.")
    assert "Nee." not in str(await log(initiatives))
    assert await initiatives.rows("select * from hidden") == []
    (*_, fact, state) = [event for event in await initiatives.told() if event.subject == garden]
    assert (type(fact.event), fact.sequence, state.sequence, state.erased) == (InitiativeHidingChanged, 3, 3, False)
    assert isinstance(state.event, InitiativeState)
    assert state.event.title == GARDEN["title"]
    assert await told_of(initiatives, HidingAppealed, ContentRestored) == [HidingAppealed, ContentRestored]
    again = await hidden(initiatives, garden, reporter="carla", by="piet")
    assert [one["id"] for one in await log(initiatives)] == [again, decision]


async def test_an_appeal_that_finds_the_same_leaves_it_hidden(initiatives: Initiatives) -> None:
    decision = await hidden(initiatives, await initiatives.propose())
    path = f"/moderation/decisions/{decision}"
    await done(initiatives, f"{path}/appeal", {"words": "Nee."}, by="anna")
    await done(initiatives, f"{path}/outcome", {"restore": False, "reason": "Het blijft reclame."}, by="piet")
    refused(await act(initiatives, "POST", f"{path}/appeal", {"words": "Nee!"}, by="anna"), 422, "appealed-already")
    assert await initiatives.rows("select count(*) from hidden") == [(1,)]
    assert await told_of(initiatives, HidingUpheld, HidingSettled) == [HidingUpheld]
    assert await fire_due(initiatives.runtime.database, HANDLERS, NOON + APPEAL) == 0


async def test_what_nobody_appeals_against_stands_when_the_time_is_over(initiatives: Initiatives) -> None:
    """By the clock, whether the timer fired or not."""
    decision = await hidden(initiatives, await initiatives.propose())
    path = f"/moderation/decisions/{decision}/appeal"
    initiatives.now = NOON + APPEAL
    refused(await act(initiatives, "POST", path, {"words": "Nee."}, by="anna"), 422, "appeal-too-late")
    assert await fire_due(initiatives.runtime.database, HANDLERS, NOON + APPEAL - timedelta(seconds=1)) == 0
    assert await fire_due(initiatives.runtime.database, HANDLERS, NOON + APPEAL) == 1
    assert await fire_due(initiatives.runtime.database, HANDLERS, NOON + APPEAL) == 0
    assert [line["status"] for line in await log(initiatives)] == ["settled"]
    refused(await act(initiatives, "POST", path, {"words": "Nee."}, by="anna"), 422, "appeal-too-late")


async def test_nobody_decides_on_their_own_or_on_what_they_reported(initiatives: Initiatives) -> None:
    garden = await initiatives.propose()
    reports = [(await done(initiatives, "/reports", about(garden), by=by))["id"] for by in ("boris", "petra")]
    told = len(await initiatives.told())
    for report in reports:
        answer = await act(initiatives, "POST", f"/reports/{report}/decision", HIDE, by="petra")
        refused(answer, 403, "own-report")
        answer = await act(initiatives, "POST", f"/reports/{report}/decision", HIDE, by="otto")
        refused(answer, 403, "rule-not-yours")
    missing = f"/reports/{some_id(5)}/decision"
    refused(await act(initiatives, "POST", missing, HIDE, by="piet"), 404, "report-unknown")
    assert len(await initiatives.told()) == told
    illegal = HIDE | {"rule": "illegal"}
    await done(initiatives, f"/reports/{reports[0]}/decision", illegal, by="otto")
    assert [line["rule"] for line in await log(initiatives)] == ["illegal"]


async def test_moderators_who_decide_at_once_make_one_decision(initiatives: Initiatives) -> None:
    garden = await initiatives.propose()
    reports = [(await done(initiatives, "/reports", about(garden), by=f"resident-{n}"))["id"] for n in range(6)]
    asking = [
        act(initiatives, "POST", f"/reports/{report}/decision", HIDE, by=by)
        for report in reports
        for by in ("petra", "piet")
    ]
    statuses = [answer.status_code for answer in await asyncio.gather(*asking)]
    assert statuses.count(200) == 1
    assert set(statuses) == {200, 422}
    assert len(await log(initiatives)) == 1
    assert await initiatives.rows("select distinct status from reports") == [("honoured",)]


async def test_the_same_decision_under_the_same_key_is_one(initiatives: Initiatives) -> None:
    report = (await done(initiatives, "/reports", about(await initiatives.propose()), by="boris"))["id"]
    path = f"/reports/{report}/decision"
    answers = [
        (await act(initiatives, "POST", path, HIDE, by="petra", **{"Idempotency-Key": "k"})).json() for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert len(await log(initiatives)) == 1


FAULTS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("/reports", about(some_id(1)), {"rule": "opinion"}, "/rule"),
    ("/reports", about(some_id(1)), {"subjectKind": "person"}, "/subjectKind"),
    ("/reports", about(some_id(1)), {"words": "x" * 2_001}, "/words"),
    ("/reports", about(some_id(1)), {"reporterId": str(some_id(2))}, "/reporterId"),
    (f"/reports/{some_id(1)}/decision", HIDE, {"hide": "yes"}, "/hide"),
    (f"/reports/{some_id(1)}/decision", HIDE, {"reason": " "}, "/reason"),
    (f"/moderation/decisions/{some_id(1)}/appeal", {"words": "Nee."}, {"words": "a\0b"}, "/words"),
    (f"/moderation/decisions/{some_id(1)}/outcome", {"restore": True, "reason": "x"}, {"restore": 1}, "/restore"),
]


async def test_every_fault_is_named(initiatives: Initiatives) -> None:
    for path, good, fault, pointer in FAULTS:
        document = refused(await act(initiatives, "POST", path, good | fault, by="petra"), 400, "invalid-request")
        assert [error["pointer"] for error in document["errors"]] == [pointer]
    assert await initiatives.told() == []
