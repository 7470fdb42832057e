"""Images: decoded as the one format they begin as, set upright, and written anew with nothing but their pixels."""

import warnings
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from initiatives.domain.media import Refusal
from initiatives.media.inspecting import Limits
from initiatives.media.inspecting.outcome import NotTaken
from initiatives.media.inspecting.signatures import JPEG
from initiatives.media.inspecting.signatures import Image as ImageKind

QUALITY = 88


@dataclass(frozen=True, slots=True)
class Size:
    """Of an image, in pixels."""

    width: int
    height: int


def clean(original: Path, cleaned: Path, kind: ImageKind, limits: Limits) -> Size:
    """Write the pixels of an image anew, at most `limits.side` long and wide; its size then.

    How many pixels it has is known, and refused, before any is decoded. What its camera noted (a place, a time, a
    name, a smaller version), comments and whatever stands behind the image stay behind; colours become sRGB, so that
    no profile is needed. Raises NotTaken, or whatever Pillow raises of a broken file.
    """
    Image.MAX_IMAGE_PIXELS = limits.pixels
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = Image.open(original, formats=[kind.reads])
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as fault:
            raise NotTaken(Refusal.TOO_MANY_PIXELS) from fault
    with image:
        # A JPEG may hold more than one image too, but those are a depth map or a smaller version.
        if kind is not JPEG and getattr(image, "n_frames", 1) > 1:
            raise NotTaken(Refusal.MOVING_IMAGE)
        image.load()
        made = _plain(ImageOps.exif_transpose(image))
    made.thumbnail((limits.side, limits.side))
    made.save(cleaned, kind.writes, quality=QUALITY)
    return Size(*made.size)


def _plain(image: Image.Image) -> Image.Image:
    """The same picture in sRGB, as an image that has nothing but pixels."""
    transparent = image.has_transparency_data and image.format != "JPEG"
    mode = "RGBA" if transparent else "RGB"
    if image.mode.startswith("I"):
        image = image.point(lambda value: value / 256).convert("L")
    profile = image.info.get("icc_profile")
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            image = _in_srgb(image, profile)
    picture = image.convert(mode)
    plain = Image.new(mode, picture.size)
    plain.paste(picture)
    return plain


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    given = image.convert("RGB") if image.mode in {"P", "L"} else image
    converted = ImageCms.profileToProfile(given, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    assert converted is not None
    return converted
