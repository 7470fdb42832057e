"""Plain, named SQL: state and outbox in one statement."""
