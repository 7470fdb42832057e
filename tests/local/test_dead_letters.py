"""`dead-letters` and `rebuild`, against stand-ins for the services of a run."""

import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from dorpsplein_local.commands import dead_letters, rebuild
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.state import Alive, State


def letter(number: int, *, hour: int) -> dict[str, Any]:
    return {
        "id": str(UUID(int=number)),
        "consumer": "funding.supports",
        "topic": "initiatives.support",
        "partition": 0,
        "offset": number,
        "reason": f"reason [{number}]",
        "headers": {},
        "body": "{}",
        "parkedAt": f"2026-06-01T{hour:02d}:00:00+00:00",
        "replayedAt": None,
    }


class Gateway(BaseHTTPRequestHandler):
    """Stands in for the gateway: two services with an operator API; what is `poison` stays a dead letter."""

    letters: ClassVar[dict[str, list[dict[str, Any]]]] = {}
    poison: ClassVar[set[str]] = set()
    tokens: ClassVar[set[str]] = set()
    replayed: ClassVar[list[str]] = []

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        self.tokens.add(self.headers["Authorization"])
        path, _, query = self.path.partition("?")
        _, _, service, _, _, *rest = path.split("/")
        there = self.letters[service]
        if rest:
            found = [one for one in there if one["id"] == rest[0]]
            return self._answer(*((200, found[0]) if found else (404, {"code": "dead-letter-unknown"})))
        asked = dict(part.split("=") for part in query.split("&"))
        after = next((n + 1 for n, one in enumerate(there) if one["id"] == asked.get("before")), 0)
        return self._answer(200, {"items": there[after : after + int(asked["limit"])]})

    def do_POST(self) -> None:
        _, _, _, _, _, letter_id, action = self.path.split("/")
        assert action == "replay"
        if letter_id in self.poison:
            return self._answer(422, {"code": "still-poison", "detail": "the body does not fit its type"})
        self.replayed.append(letter_id)
        return self._answer(200, {})

    def _answer(self, status: int, body: Any) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    Gateway.letters = {
        "initiatives": [letter(3, hour=9)],
        "funding": [letter(n, hour=n % 8) for n in range(250, 100, -1)],
    }
    Gateway.poison, Gateway.tokens, Gateway.replayed = set(), set(), []
    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        State(
            supervisor=Alive.of(os.getpid()),
            gateway=f"http://127.0.0.1:{server.server_port}",
            apis={"initiatives": "", "funding": ""},
            databases={"tools": {"application": "postgresql://app", "migration": "postgresql://owner"}},
            kafka="kafka.test:9092",
            ready_seconds=1.0,
        ).save(tmp_path)
        yield tmp_path
        server.shutdown()
        serving.join()


def run(app: Typer, data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--data", str(data)])


def said(result: Result) -> str:
    assert isinstance(result.exception, CannotRun)
    return str(result.exception)


def test_the_dead_letters_of_all_services_are_listed_newest_first(data: Path) -> None:
    listed = json.loads(run(dead_letters.app, data, "list", "--json").output)
    assert len(listed) == 151
    assert (listed[0]["id"], listed[0]["service"]) == (str(UUID(int=3)), "initiatives")
    assert [one["parkedAt"] for one in listed] == sorted((one["parkedAt"] for one in listed), reverse=True)
    text = run(dead_letters.app, data, "list").output
    assert f"{UUID(int=3)} 2026-06-01T09:00:00 funding.supports initiatives.support:0:3\n    reason [3]\n" in text
    assert all(token.startswith("Bearer ey") for token in Gateway.tokens)


def test_one_is_found_in_whatever_service_keeps_it(data: Path) -> None:
    shown = json.loads(run(dead_letters.app, data, "show", str(UUID(int=200))).output)
    assert (shown["service"], shown["offset"]) == ("funding", 200)
    assert "No service has a dead letter" in said(run(dead_letters.app, data, "show", str(UUID(int=1))))


def test_replaying_says_what_was_handled_and_what_stays(data: Path) -> None:
    one = str(UUID(int=200))
    handled = run(dead_letters.app, data, "replay", one)
    assert (handled.output, handled.exit_code, Gateway.replayed) == (f"{one} was handled\n", 0, [one])
    Gateway.poison.add(one)
    stays = run(dead_letters.app, data, "replay", one)
    assert (stays.output, stays.exit_code) == (f"{one} stays: the body does not fit its type\n", 1)


def test_all_are_replayed_oldest_first(data: Path) -> None:
    done = run(dead_letters.app, data, "replay", "--all")
    assert done.exit_code == 0
    assert len(Gateway.replayed) == 151
    assert Gateway.replayed[-1] == str(UUID(int=3))
    assert "either the ID" in said(run(dead_letters.app, data, "replay"))
    assert "either the ID" in said(run(dead_letters.app, data, "replay", str(UUID(int=3)), "--all"))


def test_without_dead_letters_it_says_so(data: Path) -> None:
    Gateway.letters = {"initiatives": [], "funding": []}
    assert run(dead_letters.app, data, "list").output == "There are no dead letters.\n"
    assert run(dead_letters.app, data, "replay", "--all").output == "There are no dead letters.\n"


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up service with two projections that keep tables and one that does not."""
    package = tmp_path / "path" / "tools"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "app.py").write_text(
        "from types import SimpleNamespace\n"
        "from dorpsplein.consumer import Projection\n"
        "async def apply(tx, events): ...\n"
        "SERVICE = SimpleNamespace(projections={\n"
        "    'loans': Projection(of=[], apply=apply, tables=['loans']),\n"
        "    'counts': Projection(of=[], apply=apply, tables=['counts']),\n"
        "    'reacts': Projection(of=[], react=apply),\n"
        "})\n"
    )
    (package / "__main__.py").write_text(
        "import os, sys\n"
        "with open(os.environ['TOLD'], 'a') as told:\n"
        "    names = ('MIGRATION_URL', 'KAFKA_BOOTSTRAP_SERVERS')\n"
        "    print(*sys.argv[1:], *(os.environ['DORPSPLEIN_' + name] for name in names), file=told)\n"
        "print('12:00:00 INFO dorpsplein.rebuild: ' + sys.argv[2] + ' was rebuilt from 3 records', file=sys.stderr)\n"
        "sys.exit(os.environ.get('FAILS'))\n"
    )
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "tools"]:
        monkeypatch.delitem(sys.modules, name)
    return tmp_path / "told"


def test_every_projection_with_tables_is_rebuilt_with_the_settings_of_the_run(data: Path, tools: Path) -> None:
    done = run(rebuild.app, data, "tools")
    assert done.exit_code == 0
    assert "loans was rebuilt from 3 records" in done.output
    place = "postgresql://owner kafka.test:9092"
    assert tools.read_text() == f"rebuild loans {place}\nrebuild counts {place}\n"


def test_one_projection_is_rebuilt_alone(data: Path, tools: Path) -> None:
    assert run(rebuild.app, data, "tools", "counts").exit_code == 0
    assert tools.read_text().startswith("rebuild counts ")


def test_what_cannot_be_rebuilt_is_said(data: Path, tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "keeps no projection 'reacts'; it keeps loans, counts" in said(run(rebuild.app, data, "tools", "reacts"))
    assert "No service is called 'saws' here; there are tools" in said(run(rebuild.app, data, "saws"))
    monkeypatch.setenv("FAILS", "the saw is blunt")
    assert "tools.loans was not rebuilt and stays as it was: the saw is blunt" in said(run(rebuild.app, data, "tools"))
