"""Text that is made to fit a box: wrapped by words, as large as can be, cut off where the smallest is too large."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL.ImageFont import FreeTypeFont, Layout, truetype

FONTS = Path(__file__).with_name("fonts")
LINE_HEIGHT = 1.3
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines in one font; `line_height` in pixels."""

    lines: tuple[str, ...]
    font: FreeTypeFont
    line_height: int

    @property
    def height(self) -> int:
        """Its height in pixels."""
        return self.line_height * len(self.lines)

    @property
    def gap(self) -> int:
        """What is left free below it, in pixels."""
        return self.line_height // 3


@cache
def font(size: int, *, bold: bool = False) -> FreeTypeFont:
    """Atkinson Hyperlegible Next; laid out by Pillow alone, so that every machine sets it the same."""
    name = f"AtkinsonHyperlegibleNext-{'Bold' if bold else 'Regular'}.ttf"
    return truetype(str(FONTS / name), size, layout_engine=Layout.BASIC)


def fitted(text: str, width: int, height: int, sizes: Sequence[int], *, bold: bool = False) -> Block:
    """The text in the first of `sizes` in which it fits the box; in the last one it is cut off with an ellipsis."""
    for size in sizes:
        block = _block(text, width, size, bold=bold)
        if block.height <= height:
            return block
    most = max(1, height // block.line_height)
    kept = [*block.lines[: most - 1], _cut(block.lines[most - 1], width, block.font)]
    return Block(tuple(kept), block.font, block.line_height)


def wrapped(text: str, width: int, face: FreeTypeFont) -> list[str]:
    """Lines of at most `width` pixels; a word that is wider is broken."""
    lines: list[str] = []
    for paragraph in unicodedata.normalize("NFC", text).splitlines():
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if face.getlength(longer) <= width:
                line = longer
                continue
            lines += [line] if line else []
            *full, line = _broken(word, width, face)
            lines += full
        lines += [line] if line else []
    return lines


def _block(text: str, width: int, size: int, *, bold: bool) -> Block:
    face = font(size, bold=bold)
    return Block(tuple(wrapped(text, width, face)), face, round(size * LINE_HEIGHT))


def _broken(word: str, width: int, face: FreeTypeFont) -> list[str]:
    pieces = [""]
    for character in word:
        if pieces[-1] and face.getlength(pieces[-1] + character) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _cut(line: str, width: int, face: FreeTypeFont) -> str:
    while line and face.getlength(line + ELLIPSIS) > width:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS
