"""Commands of the notifications service: one command, one transaction."""
