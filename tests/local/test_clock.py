"""The clock of the square, as a person moves it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dorpsplein.clock import ahead
from dorpsplein_local.commands.clock import app, spoken
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.run import clock_file
from dorpsplein_local.state import Alive, State


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder on which this very process seems to be a run that is ready."""
    State(supervisor=Alive.of(os.getpid()), gateway="http://127.0.0.1:1", ready_seconds=1.0).save(tmp_path)
    return tmp_path


def clock(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--data", str(data), *arguments])


def refused(data: Path, *arguments: str) -> str:
    fault = clock(data, *arguments).exception
    assert isinstance(fault, CannotRun)
    return str(fault)


def test_it_tells_real_time_until_it_is_moved(data: Path) -> None:
    told = clock(data).stdout
    assert told.endswith("UTC, real time\n")
    assert abs(datetime.fromisoformat(told[:19]).replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(seconds=10)


def test_moves_add_up_and_the_file_says_so(data: Path) -> None:
    assert clock(data, "--forward", "3d12h").stdout.endswith("3 days and 12 hours ahead\n")
    told = clock(data, "--forward", "1w 30m").stdout
    assert told.endswith("10 days, 12 hours and 30 minutes ahead\n")
    assert ahead(clock_file(data)) == timedelta(days=10, hours=12, minutes=30)
    there = datetime.fromisoformat(told[:19]).replace(tzinfo=UTC)
    assert timedelta(days=10) < there - datetime.now(UTC) < timedelta(days=11)


def test_back_at_real_time_it_says_what_stays_odd(data: Path) -> None:
    clock(data, "--forward", "1d")
    told = clock(data, "--reset").stdout
    assert "keeps its times" in told
    assert told.endswith("UTC, real time\n")
    assert "keeps" not in clock(data, "--reset").stdout


@pytest.mark.parametrize("nonsense", ["", "soon", "-3d", "3", "12h3d", "0d", "3d 12"])
def test_what_is_no_length_of_time_moves_nothing(data: Path, nonsense: str) -> None:
    if nonsense:
        assert f"{nonsense!r} is no length of time" in refused(data, "--forward", nonsense)
    else:
        assert clock(data, "--forward", nonsense).stdout.endswith("real time\n")
    assert not clock_file(data).exists()


def test_it_goes_no_further_than_ten_years(data: Path) -> None:
    for far in ("3654d", "999999999w"):
        assert "at most 3653 days ahead" in refused(data, "--forward", far)
    assert clock(data, "--forward", "3653d").exit_code == 0
    assert "at most 3653 days ahead" in refused(data, "--forward", "1s")


def test_a_file_that_was_spoilt_is_named(data: Path) -> None:
    clock_file(data).write_text("soon")
    assert f"{clock_file(data)} says 'soon'" in refused(data)


def test_without_a_running_square_there_is_no_clock(tmp_path: Path) -> None:
    assert "Nothing runs" in refused(tmp_path, "--forward", "1d")
    assert not clock_file(tmp_path).exists()


def test_forward_and_back_at_once_is_refused(data: Path) -> None:
    assert "not both" in refused(data, "--forward", "1d", "--reset")


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(0), "real time"),
        (timedelta(seconds=1), "1 second ahead"),
        (timedelta(days=1, hours=2, minutes=1, seconds=3), "1 day, 2 hours, 1 minute and 3 seconds ahead"),
    ],
)
def test_how_far_ahead_is_said_in_words(duration: timedelta, words: str) -> None:
    assert spoken(duration) == words
