"""Plain, named SQL: state and outbox row in one statement, after the aggregate's row is locked."""
