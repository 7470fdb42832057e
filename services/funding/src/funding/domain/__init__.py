"""The rules of funding. Pure: no clock, no ids, no I/O; money is whole cents."""
