"""A few of the mutants in every run, so that the tests of the messaging stay able to fail; all: see `mutants.py`."""

import pytest
from tests.chaos import mutants


@pytest.mark.parametrize("name", ["position-cursor", "no-inbox", "outbox-outside"])
def test_messaging_without_one_of_its_mechanisms_is_noticed(name: str) -> None:
    assert mutants.LIST.main([name]) == 0


def test_a_mutant_that_does_not_exist_is_not_reported_as_killed() -> None:
    with pytest.raises(SystemExit):
        mutants.LIST.main(["no-such-mutant"])
