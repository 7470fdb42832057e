"""Words stay inside their box, whatever they are."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.initiatives.rendering.studio import board

from initiatives.rendering.cards import Cards
from initiatives.rendering.text import ELLIPSIS, fitted, font


@settings(max_examples=60)
@given(st.text(alphabet="aMé ïw\n", min_size=1, max_size=400), st.integers(20, 300), st.integers(20, 200))
def test_a_text_fits_its_box_or_is_cut_off_with_an_ellipsis(text: str, width: int, height: int) -> None:
    block = fitted(text, width, height, (24, 16, 12))
    assert block.height <= height
    assert all(font(block.font.size).getlength(line) <= width for line in block.lines)
    written, asked = "".join("".join(block.lines).split()), "".join(text.split())
    assert written == asked or (written.endswith(ELLIPSIS) and asked.startswith(written[:-1]))


def test_a_text_is_as_large_as_fits() -> None:
    assert fitted("Samen", 500, 100, (60, 40, 20)).font.size == 60
    assert fitted("Samen eten " * 8, 500, 100, (60, 40, 20)).font.size == 20


def test_a_letter_with_a_loose_accent_is_set_as_one() -> None:
    assert fitted("cafe\u0301", 500, 100, (20,)).lines == ("café",)


def test_long_words_of_people_make_no_card_fail() -> None:
    long = {"heading": "W" * 100, "text": "W" * 600}
    story = board(
        {"id": "a", "kind": "card", **long},
        {"id": "b", "kind": "dark", **long},
        {"id": "c", "kind": "image", "media": "c.png", **long, "by": ["W" * 200] * 1},
        title="W" * 200, subtitle="W" * 200, municipality="W" * 200, credits=["n" * 190 + str(n) for n in range(30)],
    )  # fmt: skip
    cards = Cards(story)
    made = [cards.title(), cards.text(story.scenes[0]), cards.dark(story.scenes[1], broken=False), *cards.credits()]
    assert {card.size for card in made} == {(160, 90)}
    assert len(list(cards.credits())) == 3
    band = cards.band(story.scenes[2])
    assert band is not None
    assert band.height < 60
