"""The clock of the local environment: ahead by what a file says, real without it, and nowhere else."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.conftest import MakeDatabase
from tests.shared import toolshed
from tests.support import running

from dorpsplein.clock import MOST_AHEAD, FileClock, ahead, written
from dorpsplein.outbox import system_clock
from dorpsplein.settings import Settings

MOMENT = timedelta(seconds=5)
DAYS = timedelta(days=3, hours=12)


def off(clock: FileClock) -> timedelta:
    """How far a clock is from real time, to the nearest ten seconds."""
    apart = (clock() - system_clock()).total_seconds()
    return timedelta(seconds=round(apart, -1))


def test_it_follows_its_file_as_it_comes_changes_and_goes(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = FileClock(file)
    assert off(clock) == timedelta(0)
    file.write_text("P3DT12H\n")
    assert off(clock) == DAYS
    file.write_text("86400")
    assert off(clock) == timedelta(days=1)
    file.unlink()
    assert off(clock) == timedelta(0)


@pytest.mark.parametrize("nonsense", ["", "soon", "-5", "-P1D", "P99999D", "9" * 12, "9" * 40, "P1X"])
def test_a_file_that_makes_no_sense_changes_nothing_and_is_told(
    tmp_path: Path, nonsense: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "clock"
    clock = FileClock(file)
    file.write_text("P3DT12H")
    assert off(clock) == DAYS
    file.write_text(nonsense)
    with pytest.raises(ValueError, match="clock says"):
        ahead(file)
    assert off(clock) == off(clock) == DAYS
    assert len([record for record in caplog.records if "stays as it is" in record.message]) == 1


@given(duration=st.timedeltas(min_value=timedelta(0), max_value=MOST_AHEAD))
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, duration: timedelta) -> None:
    file = tmp_path_factory.getbasetemp() / "written"
    file.write_text(written(duration))
    assert ahead(file) == duration


def test_outside_the_local_environment_time_is_real(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    assert Settings(environment="local", clock_file=file).clock_file == file
    with pytest.raises(ValidationError, match="clock_file is for the local environment only"):
        Settings(environment="production", clock_file=file)


async def test_a_service_lives_by_it_and_its_events_are_of_its_time(
    tmp_path: Path, make_database: MakeDatabase
) -> None:
    file = tmp_path / "clock"
    tool = uuid4()
    async with running(toolshed.SERVICE, make_database("clocked"), settings={"clock_file": file}) as service:
        database = service.runtime.database
        async with database.transaction() as tx:
            await toolshed.lend(tx, tool)
        file.write_text("P3DT12H")
        async with database.transaction() as tx:
            await toolshed.lend(tx, tool)
            headers = await tx.fetch("select headers from outbox order by id")
    before, after = (datetime.fromisoformat(dict(json.loads(row["headers"]))["ce_time"]) for row in headers)
    assert DAYS <= after - before < DAYS + MOMENT
