"""What may be shown: publishing versions of a dream vision, and taking them from view."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from dorpsplein.errors import Refused
from initiatives.domain.dreams.storyboard import Dream, Light, Part
from initiatives.domain.dreams.versions import MOVES, Status, Version, moved, version_of


def publish(dream: Dream, versions: Sequence[Version], number: int) -> tuple[Dream, list[Version]]:
    """Publish a rendered version in place of the one before; the versions that changed come back, it first.

    Raises NotFound("version-unknown"), Refused("not-rendered"), ("version-withdrawn"), ("already-published"),
    ("newer-published"), or ("consent-missing") where a part of it still waited for consent.
    """
    version = version_of(versions, number)
    _refuse_unready(dream, version)
    if dream.published is not None and number < dream.published:
        raise Refused("newer-published", f"Version {dream.published} was published after it; make a new one.")
    if waiting := [str(part.id) for part in version.parts if part.light is Light.WAITING]:
        raise Refused(
            "consent-missing",
            "Not everyone whose contribution is in this version has agreed to its use. Wait for them or take their"
            " parts out, and render a new version.",
            parts=waiting,
        )
    published = replace(version, status=moved(version, "publish"))
    replaced = [replace(one, status=moved(one, "replace")) for one in versions if one.status is Status.PUBLISHED]
    after = replace(dream, published=number, succeeding=None)
    return after, [published, *replaced]


def _refuse_unready(dream: Dream, version: Version) -> None:
    if version.status in (Status.PUBLISHED, Status.REPLACED):
        raise Refused("already-published", f"Version {version.number} was published before.")
    if version.status is Status.WITHDRAWN or not may_be_shown(dream, version):
        raise Refused("version-withdrawn", "It shows what may not be shown any more; publish the version after it.")
    if version.status is not Status.RENDERED:
        raise Refused("not-rendered", f"There is no film of version {version.number} yet.", is_now=version.status)


def settle(dream: Dream, versions: Sequence[Version], render_id: UUID) -> tuple[Dream, list[Version], Version | None]:
    """Withdraw every version that shows what may not be shown any more, and make one without it in its place.

    The versions withdrawn come back, and the new one, where one is needed: it follows what was published, or was
    about to be, and then publishes itself; else the newest. So nothing comes in that its initiators did not publish.
    """
    lost = [one for one in versions if one.status in MOVES["withdraw"][0] and not may_be_shown(dream, one)]
    withdrawn = [replace(one, status=moved(one, "withdraw")) for one in lost]
    by_number = {one.number: one for one in withdrawn}
    standing = dream.succeeding or dream.published
    base = by_number.get(standing or 0) or by_number.get(dream.newest)
    if base is None:
        return dream, withdrawn, None
    made = replace(
        base,
        number=dream.newest + 1,
        render_id=render_id,
        status=Status.QUEUED,
        attempts=0,
        scenes=tuple(scene for scene in base.scenes if scene.id not in dream.hidden),
        parts=tuple(shown for part in base.parts if (shown := _as_now(dream, part)).scene_id not in dream.hidden),
    )
    succeeding = made.number if base.number == standing else dream.succeeding
    return replace(dream, newest=made.number, succeeding=succeeding), withdrawn, made


def may_be_shown(dream: Dream, version: Version) -> bool:
    """Whether all that a version shows may be shown as it does: every part lit, everyone named wants to be."""
    now = {part.id: part for part in dream.parts}
    return all(
        part.light is not Light.LIT or (now[part.id].light is Light.LIT and (not part.named or now[part.id].named))
        for part in version.parts
    ) and dream.hidden.isdisjoint(scene.id for scene in version.scenes)


def _as_now(dream: Dream, part: Part) -> Part:
    """A part of a version in no more light than it has now, and in no more than it had then."""
    now = next(one for one in dream.parts if one.id == part.id)
    is_lit = part.light is Light.LIT and now.light is Light.LIT
    waits = part.light is Light.WAITING and now.light is not Light.DARK
    light = Light.LIT if is_lit else Light.WAITING if waits else Light.DARK
    return replace(part, light=light, named=is_lit and part.named and now.named)
