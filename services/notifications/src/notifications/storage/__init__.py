"""Plain, named SQL of the notifications service."""
