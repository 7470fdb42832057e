"""A few of the seeded faults in every run, so that the tests of funding stay able to fail; all: see `faults.py`."""

import pytest
from tests.funding import faults


@pytest.mark.parametrize("name", ["cap-donor-per-call", "lost-unit", "payment-rounded-down"])
def test_a_fault_in_funding_is_noticed(name: str) -> None:
    assert faults.LIST.main([name]) == 0


def test_each_fault_has_a_name_of_its_own_and_a_place_where_it_can_be_put() -> None:
    assert len({fault.name for fault in faults.FAULTS}) == len(faults.FAULTS) >= 20


def test_a_fault_that_does_not_exist_is_not_reported_as_killed() -> None:
    with pytest.raises(SystemExit):
        faults.LIST.main(["no-such-fault"])
