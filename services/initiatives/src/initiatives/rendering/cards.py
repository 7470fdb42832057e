"""The cards of a film in the municipality's theme: title, text, dark scenes, credits; and the band over images."""

from collections.abc import Iterator, Sequence

from PIL import Image, ImageDraw

from initiatives.rendering.storyboard import Language, Scene, Storyboard
from initiatives.rendering.text import Block, fitted

NIGHT, MOON = "#101418", "#c8ccd0"
"""The colours of a dark scene, whatever the theme: dark is dark everywhere."""
BAND = (16, 20, 24, 190)
NAMES_A_CARD = 12
SAID: dict[Language, dict[str, str]] = {
    "nl": {
        "version": "Droombeeld, versie {}",
        "dark": "Deze scène is donker.",
        "broken": "Deze scène kan nu niet worden getoond.",
        "credits": "Met dank aan",
    },
    "en": {
        "version": "Dream vision, version {}",
        "dark": "This scene is dark.",
        "broken": "This scene cannot be shown now.",
        "credits": "With thanks to",
    },
}


class Cards:
    """Draws the cards of one storyboard."""

    def __init__(self, storyboard: Storyboard) -> None:
        self.storyboard = storyboard
        self.theme = storyboard.theme
        self.said = SAID[storyboard.language]
        self.width, self.height = storyboard.size.width, storyboard.size.height
        self.margin = self.width // 12

    def title(self) -> Image.Image:
        """The first card."""
        board = self.storyboard
        card = self._card(self.theme.background)
        if board.municipality:
            self._write(card, [self._line(board.municipality)], top=self.height // 12, fill=self.theme.foreground)
        self._line_of_accent(card)
        blocks = [self._fitted(board.title, 0.4, (9, 12, 16), bold=True)]
        blocks += [self._fitted(board.subtitle, 0.25, (18, 22, 26))] if board.subtitle else []
        self._write(card, blocks, top=self.height * 3 // 10, fill=self.theme.foreground)
        version = self._line(self.said["version"].format(board.dream_version))
        self._write(card, [version], top=self.height * 9 // 10 - version.height, fill=self.theme.foreground)
        return card

    def text(self, scene: Scene) -> Image.Image:
        """The card of a scene of words."""
        card = self._card(self.theme.background)
        self._line_of_accent(card)
        words = self._words(scene.heading, scene.text)
        self._write(card, words, top=self.height * 3 // 10, fill=self.theme.foreground)
        return card

    def dark(self, scene: Scene, *, broken: bool) -> Image.Image:
        """The card of a scene without light. A scene that broke says so, and keeps only its heading."""
        card = self._card(NIGHT)
        words = self.said["broken"] if broken else scene.text or self.said["dark"]
        blocks = self._words(scene.heading, words)
        top = max(self.margin // 2, (self.height - sum(block.height for block in blocks)) // 2)
        self._write(card, blocks, top=top, fill=MOON)
        return card

    def credits(self) -> Iterator[Image.Image]:
        """The last cards: who consented to be named, twelve on a card."""
        names = self.storyboard.named
        for start in range(0, len(names), NAMES_A_CARD):
            card = self._card(self.theme.background)
            heading = self._fitted(self.said["credits"], 0.15, (14, 18), bold=True)
            listed = self._fitted("\n".join(names[start : start + NAMES_A_CARD]), 0.65, (18, 22, 26, 32))
            self._write(card, [heading, listed], top=self.height // 10, fill=self.theme.foreground)
            yield card

    def band(self, scene: Scene) -> Image.Image | None:
        """What lies over an image or a clip, at the top: captions stand at the bottom. None where nothing is said.

        A scene with a voice keeps its text for the captions.
        """
        text = None if scene.voice else scene.text
        words = [self._fitted(scene.heading, 0.12, (18, 22), bold=True)] if scene.heading else []
        words += [self._fitted(text, 0.2, (26, 30))] if text else []
        if not words:
            return None
        padding = self.height // 36
        height = sum(block.height + block.gap for block in words) + padding
        band = Image.new("RGBA", (self.width, height + height % 2), BAND)
        ImageDraw.Draw(band).rectangle((0, 0, self.margin // 8, band.height), fill=self.theme.accent)
        self._write(band, words, top=padding, fill="#ffffff")
        return band

    def _card(self, colour: str) -> Image.Image:
        return Image.new("RGB", (self.width, self.height), colour)

    def _line_of_accent(self, card: Image.Image) -> None:
        left, top, thick = self.margin, self.height // 4, max(2, self.height // 90)
        ImageDraw.Draw(card).rectangle((left, top, left + self.width // 8, top + thick), fill=self.theme.accent)

    def _line(self, text: str) -> Block:
        return self._fitted(text, 0.08, (26, 34))

    def _words(self, heading: str | None, text: str | None) -> list[Block]:
        blocks = [self._fitted(heading, 0.25, (11, 14, 18), bold=True)] if heading else []
        return blocks + ([self._fitted(text, 0.4, (15, 18, 22, 26, 32))] if text else [])

    def _fitted(self, text: str, share: float, parts: Sequence[int], *, bold: bool = False) -> Block:
        """Text in a box of a share of the height; its sizes are the height divided by each of `parts`."""
        sizes = [max(6, self.height // part) for part in parts]
        return fitted(text, self.width - 2 * self.margin, round(self.height * share), sizes, bold=bold)

    def _write(self, card: Image.Image, blocks: Sequence[Block], *, top: int, fill: str) -> None:
        draw = ImageDraw.Draw(card)
        for block in blocks:
            for line in block.lines:
                draw.text((self.margin, top), line, font=block.font, fill=fill)
                top += block.line_height
            top += block.gap
