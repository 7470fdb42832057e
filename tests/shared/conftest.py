"""Fixtures of the shared library's tests; a mutant that was asked for takes its mechanism out before any test."""

from collections.abc import AsyncIterator
from pathlib import Path

import hypothesis
import pytest
import pytest_asyncio
from tests.chaos import mutants
from tests.conftest import MakeDatabase
from tests.shared import toolshed
from tests.shared.rig import Shed

from dorpsplein.migrating import migrate, migrations_of

mutants.LIST.put_in_chosen()
hypothesis.settings.register_profile("no-stopwatch", deadline=None)
hypothesis.settings.load_profile("no-stopwatch")


@pytest_asyncio.fixture
async def shed(
    make_database: MakeDatabase, kafka: str, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Shed]:
    """Return the test service on an empty database and topics of its own; its processes end with the test."""
    urls = make_database("toolshed")
    monkeypatch.setenv("TOOLSHED_DATABASE", urls.application)
    monkeypatch.setenv("TOOLSHED_KAFKA", kafka)
    await migrate(urls.migration, migrations_of(toolshed.PACKAGE))
    shed = Shed(urls, kafka, topic_prefix, tmp_path)
    await shed.ensure_topics()
    async with shed.database() as shed.db:
        yield shed
    await shed.stop()
