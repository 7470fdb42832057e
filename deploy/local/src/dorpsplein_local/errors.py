"""The one error that people see."""


class CannotRun(Exception):
    """The run cannot start or go on. Its text is one sentence: what is wrong, and what to do."""


def spoken(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the CannotRun that a group of exceptions holds, however deep; the group itself when it has none."""
    said, _ = group.split(CannotRun)
    found: BaseException = group if said is None else said.exceptions[0]
    return spoken(found) if said is not None and isinstance(found, BaseExceptionGroup) else found
