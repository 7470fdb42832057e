"""The one error that people see."""


class CannotRun(Exception):
    """The run cannot start or go on. Its text is one sentence: what is wrong, and what to do."""
