"""Frames as they go to the encoder: YUV 4:2:0 in the colours of BT.709, one flat array of bytes each."""

from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from numpy.typing import NDArray
from PIL import Image

Frame = NDArray[np.uint8]
"""Planes Y, U and V of one frame, one after the other: width x height x 3/2 bytes."""
BT709 = int(Colorspace.ITU709)
LIMITED = int(ColorRange.MPEG)
EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
"""Scaling and colours worked out alike by every processor."""


def of_image(image: Image.Image) -> Frame:
    """The frame of an image; its width and height are even."""
    picture = av.VideoFrame.from_ndarray(np.asarray(image.convert("RGB")), format="rgb24")
    return flat(picture.reformat(format="yuv420p", interpolation=EXACT, dst_colorspace=BT709, dst_color_range=LIMITED))


def flat(picture: av.VideoFrame) -> Frame:
    """The bytes of a picture that is YUV 4:2:0 already, without the padding of its rows."""
    return np.ascontiguousarray(picture.to_ndarray(), dtype=np.uint8).reshape(-1)


def picture_of(frame: Frame, width: int, height: int) -> av.VideoFrame:
    """What the encoder takes."""
    return av.VideoFrame.from_ndarray(frame.reshape(height * 3 // 2, width), format="yuv420p")


def to_image(frame: Frame, width: int, height: int) -> Image.Image:
    """The frame as an image."""
    picture = picture_of(frame, width, height)
    return Image.fromarray(picture.reformat(format="rgb24", src_colorspace=BT709, src_color_range=LIMITED).to_ndarray())


def planes(frame: Frame, width: int, height: int) -> tuple[Frame, Frame, Frame]:
    """The planes of a frame, to be looked at or written to."""
    luma, chroma = width * height, width * height // 4
    half = (height // 2, width // 2)
    return (
        frame[:luma].reshape(height, width),
        frame[luma : luma + chroma].reshape(half),
        frame[luma + chroma :].reshape(half),
    )


def joined(parts: tuple[Frame, Frame, Frame]) -> Frame:
    """A frame of its planes."""
    return np.concatenate([part.reshape(-1) for part in parts])


def blended(before: Frame, after: Frame, part: int, of: int) -> Frame:
    """Between two frames: `part` of `of` steps on the way from `before` to `after`."""
    weight = np.uint16(part * 256 // of)
    mixed = before.astype(np.uint16) * (np.uint16(256) - weight) + after.astype(np.uint16) * weight
    return (mixed >> 8).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Overlay:
    """A picture with see-through parts that is laid over frames of one size, top left."""

    size: tuple[int, int]
    alphas: tuple[NDArray[np.uint16], ...]
    colours: tuple[NDArray[np.uint16], ...]

    @classmethod
    def of(cls, image: Image.Image, size: tuple[int, int]) -> "Overlay":
        """Of an RGBA image that is as wide as the frames, and of an even height."""
        alpha = image.getchannel("A")
        half = alpha.resize((alpha.width // 2, alpha.height // 2), Image.Resampling.BOX)
        alphas = [np.asarray(one).astype(np.uint16) for one in (alpha, half, half)]
        drawn = planes(of_image(image), *image.size)
        colours = [plane.astype(np.uint16) * mask for plane, mask in zip(drawn, alphas, strict=True)]
        return cls(size, tuple(alphas), tuple(colours))

    def laid_over(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """The frames with this over each; they are written to."""
        for frame in frames:
            for plane, alpha, colour in zip(planes(frame, *self.size), self.alphas, self.colours, strict=True):
                under = plane[: alpha.shape[0]]
                under[:] = (under.astype(np.uint16) * (255 - alpha) + colour) // 255
            yield frame
