"""How tests of rules say that something is refused."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dorpsplein.errors import Refused, Rejected


@contextmanager
def refused(code: str, kind: type[Rejected] = Refused) -> Iterator[None]:
    """What is done inside is refused with this code, in this way."""
    with pytest.raises(kind) as refusal:
        yield
    assert refusal.value.code == code
