"""Importing a vote, against stand-ins for the services that fail in the ways real ones do."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rich.progress import Progress
from typer.testing import CliRunner

from dorpsplein.settings import NAMESPACE
from dorpsplein_local import patience, vote_import
from dorpsplein_local.commands.importing import app as command
from dorpsplein_local.election_file import read
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.vote_import import COUNTING, Outcome, carry_out
from dorpsplein_local.vote_plan import Plan, euros, plan, slug, source_of
from funding.domain.pabulib import Election, Project, Vote

META = {
    "description": "Oost Begroot",
    "country": "Netherlands",
    "unit": "Amsterdam",
    "district": "Oost",
    "instance": "7",
    "date_begin": "01.05.2020",
    "currency": "EUR",
}


def election(**changes: Any) -> Election:
    given: dict[str, Any] = {
        "meta": META,
        "vote_type": "approval",
        "budget_cents": 100_000_00,
        "projects": (
            Project("1", 12_500_00, "Een groene\nstraat", "Meer groen"),
            Project("2", 999_90),
            Project("3", 999_999_999_00, "Van de baan"),
        ),
        "votes": (Vote("a", ("1", "2", "1")), Vote("b", ("1", "3")), Vote("c", ())),
        **changes,
    }
    return Election(**given)


def test_a_project_becomes_an_initiative_in_plain_dutch() -> None:
    assert plan(election()).initiatives == (
        {
            "reference": "1",
            "title": "Een groene straat",
            "summary": "Een plan voor Oost, Amsterdam, in de categorie ‘Meer groen’. "
            "Het stond in ‘Oost Begroot’ (2020) en is begroot op € 12.500.",
            "theme": "meer-groen",
            "meansNeededCents": 12_500_00,
        },
        {
            "reference": "2",
            "title": "Plan 2",
            "summary": "Een plan voor Oost, Amsterdam. Het stond in ‘Oost Begroot’ (2020) en is begroot op € 999,90.",
            "theme": "algemeen",
            "meansNeededCents": 999_90,
        },
    )


def test_withdrawn_projects_and_their_supports_are_left_out_and_counted() -> None:
    wish = plan(election())
    assert wish.withdrawn == 1
    assert wish.supports == (("1", "a"), ("2", "a"), ("1", "b"))


def test_texts_and_codes_are_cut_to_what_the_services_take() -> None:
    project = Project("1", 1, "n" * 300, "een heel lange categorie " * 5, "d" * 5_000)
    (item,) = plan(election(projects=(project,), votes=())).initiatives
    assert (len(item["title"]), len(item["summary"])) == (200, 2_000)
    assert len(item["theme"]) <= 60
    assert item["theme"].endswith("-een-heel")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"meta": {**META, "currency": "PLN"}}, "are in PLN; means are in EUR"),
        ({"projects": (), "votes": ()}, "nothing to import"),
        ({"budget_cents": 0}, "nothing to import"),
    ],
)
def test_what_cannot_be_imported_is_said_in_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CannotRun, match=sentence):
        plan(election(**changes))


def test_an_election_is_known_by_where_and_when_it_was() -> None:
    assert source_of(election()) == "netherlands-amsterdam-oost-7"
    long = source_of(election(meta={**META, "district": "Dąbrowa | large " * 9}))
    assert len(long) <= 60
    assert long == slug(long)
    assert source_of(election(meta={})) == "algemeen"


def test_amounts_are_written_the_dutch_way() -> None:
    assert [euros(n) for n in (0, 5, 999_90, 1_234_567_00)] == ["€ 0", "€ 0,05", "€ 999,90", "€ 1.234.567"]


def test_every_dutch_file_can_be_planned_within_the_limits_of_a_request(shared_data: Path) -> None:
    files = sorted((shared_data / "pabulib").glob("Netherlands_*.pb"))
    plans = [plan(read(file, "nothing is stored")) for file in files]
    assert len({wish.source for wish in plans}) == len(files) == 8
    for wish in plans:
        assert slug(wish.source) == wish.source
        body = [{"initiativeId": str(NAMESPACE), "supporterReference": voter} for _, voter in wish.supports[:2_000]]
        assert len(json.dumps(body)) < 900_000


class Square:
    """Stands in for the services: each command has one effect, each service sees supports a little later.

    `fault(request)` may answer instead of it or break the connection, before or after the effect.
    """

    def __init__(self) -> None:
        self.initiatives: dict[str, dict[str, Any]] = {}
        self.supports: set[tuple[str, str]] = set()
        self.opened: dict[str, dict[str, Any]] = {}
        self.lost: dict[str, int] = {}
        self.asked: Counter[str] = Counter()
        self.tokens: set[str] = set()
        self.fault: Callable[[web.Request, str], Awaitable[web.Response | None]] | None = None

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._faults])
        app.router.add_post("/initiatives/v1/initiatives/bulk", self._propose)
        app.router.add_post("/initiatives/v1/supports/bulk", self._support)
        app.router.add_get("/{service}/v1/initiative-supports", self._counts)
        app.router.add_get("/funding/v1/rounds/{id}", self._round)
        app.router.add_post(r"/funding/v1/{path:.+}", self._open)
        return app

    @web.middleware
    async def _faults(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked[request.path] += 1
        self.tokens.add(request.headers.get("Authorization", ""))
        for when in ("before", "after"):
            if self.fault and (answer := await self.fault(request, when)):
                return answer
            if when == "before":
                done: web.StreamResponse = await handler(request)
        return done

    async def _propose(self, request: web.Request) -> web.Response:
        body = await request.json()
        answers = []
        for item in body["items"]:
            made = str(uuid5(NAMESPACE, f"initiative/{body['source']}/{item['reference']}"))
            answers.append({"reference": item["reference"], "id": made, "created": made not in self.initiatives})
            self.initiatives[made] = item
        return web.json_response({"items": answers})

    async def _support(self, request: web.Request) -> web.Response:
        items = (await request.json())["items"]
        assert len(items) <= 2_000
        fresh = {(item["initiativeId"], item["supporterReference"]) for item in items} - self.supports
        self.supports |= fresh
        return web.json_response({"given": len(fresh), "already": len(items) - len(fresh)})

    async def _counts(self, request: web.Request) -> web.Response:
        counts = Counter(initiative for initiative, _ in self.supports)
        lost = self.lost.get(request.match_info["service"], 0)
        asked = request.query["ids"].split(",")
        items = [{"initiativeId": i, "supports": max(0, counts[i] - lost)} for i in asked]
        return web.json_response({"items": items})

    async def _open(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.opened.setdefault(body["id"], body) != body:
            return web.json_response({"code": "id-taken", "detail": "other input"}, status=409)
        return web.json_response(self._shown(body))

    async def _round(self, request: web.Request) -> web.Response:
        there = self.opened.get(request.match_info["id"])
        return web.json_response(self._shown(there) if there else {}, status=200 if there else 404)

    def _shown(self, body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "potLines": [one for one in self.opened.values() if "cofinancier" in one]}


@pytest.fixture
async def square() -> AsyncIterator[tuple[Square, Callable[..., Awaitable[Outcome]]]]:
    stand_in = Square()
    async with TestServer(stand_in.app()) as server:

        async def run(wish: Plan, **how: Any) -> Outcome:
            bases = {service: str(server.make_url(f"/{service}/v1")) for service in COUNTING}
            return await carry_out(wish, bases, {"Authorization": "Bearer x"}, Progress(disable=True), **how)

        yield stand_in, run


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(patience, "LONGEST_PAUSE_S", 0.02)
    monkeypatch.setattr(vote_import, "LOOK_EVERY_S", 0.01)


async def test_a_real_vote_ends_equal_everywhere(square: Any, shared_data: Path) -> None:
    stand_in, run = square
    outcome = await run(plan(read(shared_data / "pabulib" / "Netherlands_Amsterdam_267.pb", "nothing is stored")))
    assert outcome.equal
    assert (outcome.created, outcome.given, outcome.already) == (53, 23_675, 0)
    assert outcome.supports == dict.fromkeys(["file", *COUNTING], 23_675)
    assert stand_in.tokens == {"Bearer x"}
    assert [body.get("amountCents") for body in stand_in.opened.values()] == [None, None, 200_000_00]


async def test_it_can_be_repeated_without_doubling(square: Any) -> None:
    stand_in, run = square
    first, again = await run(plan(election())), await run(plan(election()))
    assert (first.created, first.given, again.created, again.given, again.already) == (2, 3, 0, 0, 3)
    assert first.equal
    assert again.equal
    assert len(stand_in.opened) == 3
    assert all(UUID(made).version == 5 for made in stand_in.opened)


async def test_a_service_that_is_killed_in_the_middle_is_waited_for(square: Any) -> None:
    stand_in, run = square
    passed: Counter[str] = Counter()

    async def fault(request: web.Request, when: str) -> web.Response | None:
        passed[f"{request.path} {when}"] += 1
        count = passed[f"{request.path} {when}"]
        if when == "before" and count <= 2:
            return web.json_response({}, status=503, headers={"Retry-After": "1"})
        if when == "after" and count <= 2:
            assert request.transport is not None
            request.transport.abort()
            await asyncio.sleep(0)
        return None

    stand_in.fault = fault
    outcome = await run(plan(election()))
    assert outcome.equal
    assert len(stand_in.supports) == 3


async def test_a_service_that_stays_away_ends_it_with_what_to_do(square: Any) -> None:
    stand_in, run = square

    async def fault(_: web.Request, __: str) -> web.Response | None:
        return web.json_response({}, status=503)

    stand_in.fault = fault
    with pytest.raises(CannotRun, match=r"has been away for 0 seconds \(it answers 503\).*same command again"):
        await run(plan(election()), patience_s=0.05)


async def test_a_refusal_is_told_and_not_tried_again(square: Any) -> None:
    stand_in, run = square

    async def fault(_: web.Request, __: str) -> web.Response | None:
        problem = {"code": "role-not-allowed", "detail": "This needs one of these roles: service."}
        return web.json_response(problem, status=403, content_type="application/problem+json")

    stand_in.fault = fault
    with pytest.raises(CannotRun, match=r"refused \(403 role-not-allowed\): This needs one of these roles: service\."):
        await run(plan(election()))
    assert stand_in.asked.total() == 1


async def test_it_waits_until_the_others_have_caught_up(square: Any) -> None:
    stand_in, run = square
    stand_in.lost = {"funding": 1}

    async def fault(request: web.Request, _: str) -> web.Response | None:
        if stand_in.asked["/funding/v1/initiative-supports"] == 5:
            stand_in.lost = {}
        return None

    stand_in.fault = fault
    outcome = await run(plan(election()))
    assert outcome.equal
    assert stand_in.asked["/funding/v1/initiative-supports"] == 5


async def test_what_is_not_equal_after_all_waiting_is_said(square: Any) -> None:
    stand_in, run = square
    stand_in.lost = {"notifications": 1}
    outcome = await run(plan(election()), looks=3)
    assert not outcome.equal
    assert outcome.supports == {"file": 3, "initiatives": 3, "funding": 3, "notifications": 1}


def test_a_malformed_file_is_refused_before_anything_is_looked_for(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pb"
    bad.write_text("META\nkey;value\nbudget;veel\n")
    refused = CliRunner().invoke(command, [str(bad), "--data", str(tmp_path)])
    assert isinstance(refused.exception, CannotRun)
    assert "bad.pb was refused and nothing is stored:\nbad.pb:3: there is no section PROJECTS" in str(refused.exception)
    missing = CliRunner().invoke(command, [str(tmp_path / "none.pb"), "--data", str(tmp_path)])
    assert "none.pb cannot be read: No such file or directory." in str(missing.exception)


def test_what_a_file_says_is_shown_as_it_stands(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pb"
    bad.write_text("META\nkey;value\nnum_projects;0\nnum_votes;1\nbudget;1\nvote_type;approval\n")
    bad.write_text(bad.read_text() + "PROJECTS\nproject_id;cost\nVOTES\nvoter_id;vote\na;[/red]\n")
    command = [sys.executable, "-m", "dorpsplein_local", "import", str(bad), "--data", str(tmp_path)]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert refused.returncode == 1
    assert "bad.pb:11: voter a names the project '[/red]', which is not in PROJECTS" in refused.stderr
