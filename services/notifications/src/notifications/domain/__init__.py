"""The rules of notifications. Pure: no clock, no ids, no I/O."""
