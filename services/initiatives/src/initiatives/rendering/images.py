"""Images, with slow movement: the same image, scene and frame always give the same picture."""

import hashlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from initiatives.rendering.files import Broken, opened
from initiatives.rendering.frames import Frame, joined, of_image, planes

KINDS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
MOST_PIXELS = 50_000_000
NARROWEST = 20
ZOOM = 1.12
"""How much nearer the nearest moment of a movement is than the farthest."""
NARROW, WIDE = 0.7, 1.5
"""Images whose shape is within these times that of the frame fill it; others stand on a blurred copy of themselves."""


Canvas = tuple[Image.Image, Image.Image, Image.Image]
"""The planes Y, U and V of an image, a little larger than the frame: what a movement looks at."""


def canvas(path: Path, size: tuple[int, int]) -> Canvas:
    """An image made ready for frames of a size; it takes little memory. Raises Broken."""
    wide, high = (round(length * ZOOM / 2) * 2 for length in size)
    luma, blue, red = planes(of_image(_filling(read(path), (wide, high))), wide, high)
    return Image.fromarray(luma), Image.fromarray(blue), Image.fromarray(red)


def read(path: Path) -> Image.Image:
    """An image, upright, without see-through parts. Raises Broken; too many pixels are never unpacked."""
    with opened(path) as file, warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(file, formats=KINDS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Broken(f"{path.name} has {image.width} x {image.height} pixels, more than {MOST_PIXELS:,}")
                if max(image.size) > NARROWEST * min(image.size):
                    raise Broken(f"{path.name} is too narrow: {image.width} x {image.height} pixels")
                image.draft("RGB", (4096, 4096))
                return _opaque(ImageOps.exif_transpose(image))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
            raise Broken(f"{path.name} has more than {MOST_PIXELS:,} pixels") from fault
        except UnidentifiedImageError as fault:
            raise Broken(f"{path.name} is no image") from fault
        except (OSError, ValueError, SyntaxError, EOFError, IndexError) as fault:
            raise Broken(f"{path.name} is damaged: {fault}") from fault


def moving(image: Canvas, size: tuple[int, int], frames: int, seed: str) -> Iterator[Frame]:
    """Frames of an image that slowly comes nearer or goes away; `seed` decides which, and whither."""
    chance = hashlib.sha256(seed.encode()).digest()
    away, (across, down) = chance[0] % 2, (chance[1] / 255, chance[2] / 255)
    for number in range(frames):
        done = number / max(1, frames - 1)
        eased = done * done * (3 - 2 * done)
        nearness = 1 / (1 + (ZOOM - 1) * (1 - eased if away else eased))
        yield joined(_seen(image, size, _window(image[0].size, nearness, across, down)))


def _window(whole: tuple[int, int], part: float, across: float, down: float) -> tuple[float, float, float, float]:
    wide, high = whole
    left, top = wide * (1 - part) * across, high * (1 - part) * down
    return left, top, left + wide * part, top + high * part


def _seen(layers: Canvas, size: tuple[int, int], box: tuple[float, float, float, float]) -> tuple[Frame, Frame, Frame]:
    halves = (size[0] // 2, size[1] // 2)
    half_box = (box[0] / 2, box[1] / 2, box[2] / 2, box[3] / 2)
    luma = layers[0].resize(size, Image.Resampling.BILINEAR, box)
    blue, red = (layer.resize(halves, Image.Resampling.BILINEAR, half_box) for layer in layers[1:])
    return np.asarray(luma), np.asarray(blue), np.asarray(red)


def _filling(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    shape, wanted = image.width / image.height, size[0] / size[1]
    whole = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
    if NARROW <= shape / wanted <= WIDE:
        return whole
    behind = whole.filter(ImageFilter.GaussianBlur(size[1] / 20)).point(lambda value: value * 0.6)
    inside = ImageOps.contain(image, size, Image.Resampling.LANCZOS)
    behind.paste(inside, ((size[0] - inside.width) // 2, (size[1] - inside.height) // 2))
    return behind


def _opaque(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")
