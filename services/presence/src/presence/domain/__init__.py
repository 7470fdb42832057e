"""The rules of presence. Pure: no clock, no ids, no I/O."""
