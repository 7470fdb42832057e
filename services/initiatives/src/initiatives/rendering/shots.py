"""What each stretch of a film shows and sounds like, and for how long, before a single frame is made."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from PIL import Image

from initiatives.rendering import clips, frames, images, sound
from initiatives.rendering.cards import Cards
from initiatives.rendering.files import Broken
from initiatives.rendering.frames import Frame, Overlay
from initiatives.rendering.sound import Sound
from initiatives.rendering.storyboard import MOST_SCENE_SECONDS, Scene, Storyboard

CARD_SECONDS = 3.0
LEAST_SECONDS, LETTERS_A_SECOND = 4.0, 15
AFTER_A_VOICE = 0.5


@dataclass(frozen=True, slots=True)
class Shot:
    """A stretch of film: exactly `count` frames that `pictures` makes. `heard` is None for silence.

    `scene` is None for title and credits; `dark` says why a scene that was to be shown is not.
    """

    count: int
    pictures: Callable[[], Iterator[Frame]]
    heard: Sound | None = None
    scene: Scene | None = None
    dark: str | None = None


def shots_of(storyboard: Storyboard, folder: Path) -> list[Shot]:
    """Every stretch of the film. Media are looked through here, so that nothing broken is begun with."""
    cards, fps = Cards(storyboard), storyboard.fps
    shots = [_still(cards.title(), round(CARD_SECONDS * fps))]
    for scene in storyboard.scenes:
        try:
            shots.append(_shot(scene, storyboard, folder, cards))
        except Broken as fault:
            count = _frames(scene.seconds or CARD_SECONDS, fps)
            shots.append(_still(cards.dark(scene, broken=True), count, scene=scene, dark=str(fault)))
    return shots + [_still(card, round(CARD_SECONDS * fps)) for card in cards.credits()]


def _shot(scene: Scene, storyboard: Storyboard, folder: Path, cards: Cards) -> Shot:
    """What a scene shows and sounds like. Raises Broken."""
    media, fps = folder / scene.media if scene.media else None, storyboard.fps
    spoken = sound.voice(folder / scene.voice) if scene.voice else None
    clip = media if media and scene.kind == "clip" else None
    lasts = clips.length_of(clip) if clip else _reading_seconds(scene)
    if spoken is not None:
        lasts = max(lasts if clip else 0, len(spoken) / sound.RATE + AFTER_A_VOICE)
    count = _frames(scene.seconds or lasts, fps)
    own = sound.read(clip) if clip else None
    silent = own is None and spoken is None
    heard = None if silent else sound.mixed(own, spoken, count * sound.RATE // fps)
    if media is None:
        dark = scene.kind == "dark"
        return _still(cards.dark(scene, broken=False) if dark else cards.text(scene), count, heard, scene)
    return Shot(count, _pictures(scene, media, storyboard, cards, count), heard, scene)


def _pictures(
    scene: Scene, media: Path, storyboard: Storyboard, cards: Cards, count: int
) -> Callable[[], Iterator[Frame]]:
    """The frames of an image or a clip, with the scene's words in a band over it. Raises Broken."""
    size = storyboard.size.width, storyboard.size.height
    band = cards.band(scene)
    over = Overlay.of(band, size) if band else None
    image = images.canvas(media, size) if scene.kind == "image" else None

    def pictures() -> Iterator[Frame]:
        moving = (
            images.moving(image, size, count, scene.id) if image else clips.shown(media, size, storyboard.fps, count)
        )
        return over.laid_over(moving) if over else moving

    return pictures


def _still(
    card: Image.Image, count: int, heard: Sound | None = None, scene: Scene | None = None, dark: str | None = None
) -> Shot:
    frame = frames.of_image(card)
    return Shot(count, lambda: repeat(frame, count), heard, scene, dark)


def _frames(seconds: float, fps: int) -> int:
    return max(1, round(min(seconds, MOST_SCENE_SECONDS) * fps))


def _reading_seconds(scene: Scene) -> float:
    letters = len(scene.heading or "") + len(scene.text or "")
    return max(LEAST_SECONDS, 1 + letters / LETTERS_A_SECOND)
