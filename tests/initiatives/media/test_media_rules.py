"""The life of media, without any server."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dorpsplein.errors import Conflict, Gone, Invalid, NotFound, Refused, Rejected, TooLarge
from initiatives.domain import media as domain
from initiatives.domain.media import MOVES, Begin, Found, Kind, Media, Refusal, Status

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=24)
ANNA, BORIS, PHOTO = UUID(int=1), UUID(int=2), UUID(int=3)
FOUND = Found(Kind.IMAGE, "image/jpeg", 10, b"digest", 4, 3)


def begun(length: int = 10) -> Media:
    return domain.begin(Begin(PHOTO, ANNA, length, "De tuin"), most=100, now=NOON, expires_at=LATER)


def complete() -> Media:
    return domain.arrive(begun(), 0, (10,), NOON)


def test_an_upload_grows_and_with_its_last_byte_waits_for_its_check() -> None:
    half = domain.arrive(begun(), 0, (3, 2), NOON)
    assert (half.received, half.parts, half.status) == (5, 2, Status.UPLOADING)
    whole = domain.arrive(half, 5, (5,), NOON)
    assert (whole.received, whole.parts, whole.status) == (10, 3, Status.CHECKING)


def test_what_was_checked_is_ready_or_refused_with_a_reason() -> None:
    taken = domain.accept(complete(), FOUND, PHOTO)
    assert (taken.status, taken.found) == (Status.READY, FOUND)
    refused = domain.refuse(complete(), Refusal.BROKEN)
    assert (refused.status, refused.refusal) == (Status.REFUSED, Refusal.BROKEN)
    assert set(domain.WHY) == set(Refusal)


@pytest.mark.parametrize(
    ("offset", "size", "now", "fault", "code"),
    [
        (1, 3, NOON, Conflict, "offset-mismatch"),
        (0, 11, NOON, TooLarge, "more-than-announced"),
        (0, 3, LATER, Gone, "upload-expired"),
    ],
)
def test_what_does_not_fit_does_not_arrive(
    offset: int, size: int, now: datetime, fault: type[Rejected], code: str
) -> None:
    with pytest.raises(fault) as no:
        domain.arrive(begun(), offset, (size,), now)
    assert no.value.code == code


def test_an_upload_in_crumbs_is_refused() -> None:
    with pytest.raises(TooLarge, match="too-many-parts"):
        domain.arrive(begun(100), 0, (0,) * (domain.MOST_PARTS + 1), NOON)


def test_an_upload_has_a_size_within_the_limit() -> None:
    with pytest.raises(Invalid, match="upload-empty"):
        begun(0)
    with pytest.raises(TooLarge, match="upload-too-large"):
        begun(101)


def test_nobody_learns_what_others_upload() -> None:
    for media in (None, begun()):
        with pytest.raises(NotFound, match="media-unknown"):
            domain.refuse_others(media, BORIS, PHOTO)


def test_only_what_is_ready_is_used() -> None:
    domain.refuse_unready(domain.accept(complete(), FOUND, PHOTO))
    for media in (begun(), complete(), domain.refuse(complete(), Refusal.BROKEN)):
        with pytest.raises(Refused, match="media-not-ready"):
            domain.refuse_unready(media)


def test_there_are_no_moves_but_those_of_the_table() -> None:
    at = {
        Status.UPLOADING: begun(),
        Status.CHECKING: complete(),
        Status.READY: domain.accept(complete(), FOUND, PHOTO),
        Status.REFUSED: domain.refuse(complete(), Refusal.BROKEN),
    }
    moves: dict[str, Callable[[Media], Media]] = {
        "accept": lambda media: domain.accept(media, FOUND, PHOTO),
        "refuse": lambda media: domain.refuse(media, Refusal.BROKEN),
    }
    for status, media in at.items():
        for verb, move in moves.items():
            sources, target = MOVES[verb]
            if status in sources:
                assert move(media).status is target
            else:
                with pytest.raises(Refused, match="illegal-media-move"):
                    move(media)
