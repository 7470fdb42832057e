"""Draw and play the media of the example: a square, a garden, a clip of a kite, and a few notes as the voice.

    .venv/bin/python examples/dream/make_media.py

The files stand beside the storyboard already; this shows where they came from. Own work, EUPL-1.2.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw

HERE = Path(__file__).parent
SKY, GRASS, PAVING, BRICK, NIGHT = "#9fd3e6", "#6aa84f", "#d8cfc0", "#b5563c", "#2b3a55"
RATE = 24_000


def square() -> Image.Image:
    """Houses around a square with a long table."""
    image = Image.new("RGB", (1600, 900), SKY)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 560, 1600, 900), fill=PAVING)
    for number, left in enumerate(range(40, 1560, 250)):
        top = 230 + 60 * (number % 3)
        draw.rectangle((left, top, left + 210, 560), fill=BRICK if number % 2 else "#e3b34c")
        draw.polygon([(left - 10, top), (left + 105, top - 110), (left + 220, top)], fill=NIGHT)
        for window in (left + 30, left + 125):
            draw.rectangle((window, top + 60, window + 55, top + 140), fill="#fdf6d8")
    draw.rectangle((350, 700, 1250, 740), fill="#7a4b2a")
    for leg in (380, 1200):
        draw.rectangle((leg, 740, leg + 24, 840), fill="#7a4b2a")
    for guest in range(420, 1240, 110):
        draw.ellipse((guest - 34, 620, guest + 34, 688), fill="#f2c6a0")
    return image


def garden() -> Image.Image:
    """Beds of flowers, taller than wide, as a telephone takes them."""
    image = Image.new("RGB", (900, 1200), GRASS)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 900, 330), fill=SKY)
    for row in range(5):
        top = 400 + 150 * row
        draw.rectangle((80, top, 820, top + 80), fill="#6b4a2f")
        for flower in range(120, 800, 90):
            colour = ("#e0567a", "#f4d35e", "#ffffff")[(row + flower // 90) % 3]
            draw.line((flower, top + 50, flower, top - 10), fill="#2e6b34", width=8)
            draw.ellipse((flower - 24, top - 40, flower + 24, top + 8), fill=colour)
    return image


def kite() -> Iterator[Image.Image]:
    """Three seconds of a kite over the grass, 15 pictures a second."""
    for number in range(45):
        image = Image.new("RGB", (320, 240), SKY)
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 190, 320, 240), fill=GRASS)
        x, y = 60 + 4 * number, 80 + 25 * math.sin(number / 6)
        draw.polygon([(x, y - 26), (x + 18, y), (x, y + 26), (x - 18, y)], fill="#d7263d")
        draw.line((x, y + 26, 40, 200), fill="white", width=2)
        yield image


def melody() -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """Five soft notes in five seconds."""
    at = np.arange(RATE) / RATE
    notes = (np.sin(2 * np.pi * pitch * at) * np.exp(-3 * at) for pitch in (392, 440, 494, 587, 784))
    return (np.concatenate(list(notes)) * 12_000).astype(np.int16)


def main() -> None:
    """Write the four files."""
    square().save(HERE / "plein.png", optimize=True)
    garden().save(HERE / "tuin.png", optimize=True)
    with av.open(str(HERE / "vlieger.mp4"), "w", options={"fflags": "+bitexact"}) as output:
        stream = output.add_stream("libx264", rate=15, options={"crf": "26"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for image in kite():
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")))
        output.mux(stream.encode(None))
    with av.open(str(HERE / "stem.ogg"), "w", options={"fflags": "+bitexact"}) as output:
        voice = output.add_stream("libopus", rate=RATE, layout="mono")
        heard = av.AudioFrame.from_ndarray(melody().reshape(1, -1), format="s16", layout="mono")
        heard.sample_rate, heard.pts, heard.time_base = RATE, 0, Fraction(1, RATE)
        output.mux(voice.encode(heard))
        output.mux(voice.encode(None))


if __name__ == "__main__":
    main()
