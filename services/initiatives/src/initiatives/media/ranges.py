"""Which part of an object a request asks for (RFC 9110, section 14)."""

import re

PATTERN = re.compile(r"bytes=\s*(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))\s*")


class NoSuchPart(Exception):
    """The part that is asked for lies outside."""


def part_of(asked: str | None, size: int) -> tuple[int, int] | None:
    """The first byte and the one after the last that `asked`, a Range header, means; None: all of it.

    More ranges at once, other units and what cannot be read are answered by all of it, as the RFC lets us.
    Raises NoSuchPart.
    """
    match = PATTERN.fullmatch(asked) if asked is not None and asked.isascii() else None
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        start, end = max(0, size - int(suffix)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= end:
        raise NoSuchPart
    return start, end
