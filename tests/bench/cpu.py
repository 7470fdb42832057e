"""CPU time of whole process trees: the figure that stays stable on a shared machine."""

from collections.abc import Iterable

import psutil  # type: ignore[import-untyped]


def cpu_seconds(roots: Iterable[int]) -> float:
    """User and system seconds of these processes, all their descendants, and those that ended and were reaped.

    The kernel counts in steps of 10 ms a process, cut off at both ends of a window, so their mean error is nil.
    """
    return sum(_tree(psutil.Process(root)) for root in roots)


def _tree(root: psutil.Process) -> float:
    spent = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system + times.children_user + times.children_system
    return spent
