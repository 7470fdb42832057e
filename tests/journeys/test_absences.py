"""What people notice while a part is away: a clear answer at most, and nothing once it is back."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from tests.journeys.conftest import OpenSquare
from tests.journeys.waiting import eventually

WISH = {"title": "Een bankje", "summary": "Om even te zitten.", "theme": "ontmoeten"}
INITIATIVES = "/initiatives/v1/initiatives"


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process that stands still, with its connections left open."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_commands_go_on_while_only_kafka_is_away_and_are_heard_of_when_it_is_back(square: OpenSquare) -> None:
    with square.client("anna") as anna, square.client() as anyone:
        with frozen(square.pid("kafka")):
            proposed = anna.post(INITIATIVES, json=WISH)
            assert proposed.status_code == 201, proposed.text
            page = f"/funding/v1/initiatives/{proposed.json()['id']}/means"
            assert anyone.get(page).status_code == 404
        eventually(lambda: anyone.get(page).status_code, lambda status: status == 200, within_s=60)


def test_while_the_database_is_away_requests_answer_503_and_then_it_recovers_by_itself(square: OpenSquare) -> None:
    with square.client("anna") as anna:
        os.kill(square.pid("postgres"), signal.SIGKILL)
        answers = [anna.post(INITIATIVES, json=WISH)]
        deadline = time.monotonic() + 60
        while answers[-1].status_code != 201 or len(answers) < 20:
            assert time.monotonic() < deadline, answers[-1].text
            time.sleep(0.02)
            answers.append(anna.post(INITIATIVES, json=WISH))
        away = [answer for answer in answers if answer.status_code != 201]
        assert {answer.status_code for answer in away} == {503}
        assert all(is_a_problem(answer) and answer.headers["Retry-After"] for answer in away)
        kept = [anna.get(f"{INITIATIVES}/{answer.json()['id']}") for answer in answers if answer.status_code == 201]
        assert {answer.status_code for answer in kept} == {200}


def is_a_problem(answer: httpx.Response) -> bool:
    return answer.headers["Content-Type"] == "application/problem+json" and "code" in answer.json()
