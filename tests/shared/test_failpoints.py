"""Failpoints: where a test rig may break a process, and nobody else."""

import time
from collections.abc import Iterator

import pytest

from dorpsplein import failpoints
from dorpsplein.failpoints import FailpointError, arm, failpoint, passages


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    arm("")


async def test_an_unarmed_failpoint_does_nothing() -> None:
    for name in failpoints.NAMES:
        await failpoint(name)
    assert passages() == {}


async def test_it_raises_at_every_passage_or_at_one() -> None:
    arm("before_tx=raise, before_commit=raise@2")
    for _ in range(2):
        with pytest.raises(FailpointError, match="before_tx"):
            await failpoint("before_tx")
    await failpoint("before_commit")
    with pytest.raises(FailpointError):
        await failpoint("before_commit")
    await failpoint("before_commit")
    assert passages() == {"before_tx": 2, "before_commit": 3}


async def test_it_delays() -> None:
    arm("applied_not_acked=delay:0.05")
    started = time.perf_counter()
    await failpoint("applied_not_acked")
    assert time.perf_counter() - started >= 0.05


@pytest.mark.parametrize(
    "wrong", ["nowhere=kill", "before_tx=explode", "before_tx", "before_tx=delay:soon", "before_tx=kill@x"]
)
def test_a_specification_it_cannot_read_is_refused_and_changes_nothing(wrong: str) -> None:
    arm("before_tx=raise")
    with pytest.raises(ValueError):  # noqa: PT011
        arm(wrong)
    assert passages() == {"before_tx": 0}
