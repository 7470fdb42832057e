"""Posters and their QR codes over HTTP, read with a decoder that is not ours."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4
from xml.etree import ElementTree

import pytest
import zxingcpp
from tests.presence.conftest import NOON, Presence, window
from tests.support import SECRET, login

from dorpsplein.errors import Refused
from dorpsplein.identity import Role
from presence.domain.codes import For, key_of, refuse_other

HOURS = """{"mo": ["09:00-17:30"], "tu": ["09:00-17:30"], "fr": ["09:00-12:00", "13:00-17:00"]}"""
VOID = {"meta", "br"}
NASTY = "<script>alert(1)</script> \"'`> & {{ 7 * 7 }} </style>"
RIGHT_TO_LEFT = "\u202eקנטינה {x}"


class Page(HTMLParser):
    """A page as a browser takes it: elements with attributes, and its words; every element is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open += [tag] if tag not in VOID else []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open[-1] != "style":
            self.words.append(" ".join(data.split()))


async def poster(presence: Presence, place: str, *, by: str | None = None, **query: Any) -> str:
    answer = await presence.get(f"/places/{place}/poster", by=by, **query)
    assert answer.status_code == 200, answer.text
    return answer.text


async def words(presence: Presence, place: str, **query: Any) -> list[str]:
    return Page(await poster(presence, place, **query)).words


def scanned(document: str) -> str:
    """What a phone reads: the strokes of the picture are drawn, and given to a decoder."""
    [picture] = re.findall(r"<svg.*?</svg>", document, re.DOTALL)
    root = ElementTree.fromstring(re.sub(r' xmlns="[^"]+"', "", picture))
    light, dark = [path.attrib for path in root.iter("path")]
    assert (light["fill"], dark["stroke"]) == ("#fff", "#000")
    side = max(int(number) for number in re.findall(r"\d+", light["d"]))
    pixels = _drawn(dark["d"], side, each=6)
    [read] = zxingcpp.read_barcodes(memoryview(pixels).cast("B", (side * 6, side * 6)))
    assert read.format == zxingcpp.BarcodeFormat.QRCode
    assert read.ec_level in {"M", "Q", "H"}
    return read.text


def _drawn(strokes: str, side: int, each: int) -> bytes:
    rows = [[255] * side for _ in range(side)]
    x = y = 0.0
    for command, given in re.findall(r"([Mmh])([^Mmh]*)", strokes):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", given)]
        if command == "h":
            for column in range(int(x), int(x + numbers[0])):
                rows[int(y)][column] = 0
            x += numbers[0]
        else:
            x, y = numbers if command == "M" else (x + numbers[0], y + numbers[1])
    return bytes(pixel for row in rows for _ in range(each) for pixel in row for _ in range(each))


async def test_a_poster_says_where_it_is_and_who_comes_when(presence: Presence) -> None:
    place = await presence.place()
    await presence.rows("update places set opening_hours = $2 where id = $1", place, HOURS)
    await presence.slot(place, 28, 30.5, themes=["sport", "openbare-ruimte"])
    asked = {"workingForm": "design-atelier", "question": "Wat missen we?"}
    await presence.post("/sessions", window(place, 2, 4) | asked)
    dutch = await words(presence, place)
    assert dutch == [
        "Hier vindt u de gemeente: Sportkantine De Goal",
        "Hier vindt u de gemeente",
        "Loop binnen: u hoeft geen afspraak te maken.",
        "Sportkantine De Goal",
        "Sportlaan 1, Dorp",
        *("ma t/m di", "09:00–17:30", "vr", "09:00–12:00", "13:00–17:00"),
        "Wie komt wanneer?",
        "De komende vier weken",
        *("vrijdag 1 mei", "16:00–18:00", "Ontwerpatelier: Wat missen we?"),
        *("zaterdag 2 mei", "18:00–20:30", "Creatief arrangeur", "· sport en openbare ruimte"),
        "Scan de code",
        f"QR-code naar http://localhost:8080/plekken/{place}",
        "Zie wie er nu is en wie er komt.",
        f"http://localhost:8080/plekken/{place}",
        "Dorpsplein. Gemaakt op 1 mei 2026.",
    ]
    english = await words(presence, place, language="en")
    assert english[1:3] == ["Find the municipality here", "Walk in: you need no appointment."]
    assert english[5:7] == ["Mon to Tue", "09:00–17:30"]
    assert english[12:19] == [
        *("Friday 1 May", "16:00–18:00", "Design atelier: Wat missen we?"),
        *("Saturday 2 May", "18:00–20:30", "Creative arranger", "· sport and openbare ruimte"),
    ]


async def test_a_poster_looks_four_weeks_ahead_and_leaves_out_what_is_cancelled(presence: Presence) -> None:
    place = await presence.place()
    until_midnight = 10 + 27 * 24  # noon in UTC is two o'clock here
    await presence.slot(place, until_midnight - 0.5, until_midnight)
    await presence.slot(place, until_midnight, until_midnight + 1)
    cancelled = await presence.slot(place, 1, 2)
    await presence.post(f"/presence-slots/{cancelled}/cancellation")
    shown = await words(presence, place)
    assert [line for line in shown if line.endswith(" mei")] == ["donderdag 28 mei"]


async def test_a_poster_without_anybody_says_so(presence: Presence) -> None:
    shown = await words(presence, await presence.place())
    assert "Voor de komende vier weken staat er nog niets vast. Scan de code: daar ziet u het als eerste." in shown


@pytest.mark.parametrize(
    ("times", "last"),
    [
        (7, None),
        (8, "En daarna nog 1 keer. Scan de code voor alles."),
        (9, "En daarna nog 2 keer. Scan de code voor alles."),
    ],
)
async def test_a_poster_stays_one_sheet(presence: Presence, times: int, last: str | None) -> None:
    place = await presence.place()
    for number in range(times):
        await presence.slot(place, 24 * number + 1, 24 * number + 2)
    shown = await words(presence, place)
    assert shown.count("Creatief arrangeur") == 7
    assert [line for line in shown if line.startswith("En daarna")] == ([last] if last else [])


async def test_of_a_long_question_a_poster_shows_the_beginning(presence: Presence) -> None:
    place = await presence.place()
    await presence.post(
        "/sessions", window(place, 2, 4) | {"workingForm": "creative-lab", "question": "Wat missen we? " * 60}
    )
    [line] = [line for line in await words(presence, place) if line.startswith("Creatielab")]
    assert line.startswith("Creatielab: Wat missen we? Wat missen we?")
    assert line.endswith(" …")
    assert len(line) <= 80


async def test_the_code_on_a_poster_leads_to_the_page_of_the_place(presence: Presence) -> None:
    place = await presence.place()
    picture = await presence.get(f"/places/{place}/qr")
    assert picture.headers["Content-Type"] == "image/svg+xml"
    assert ElementTree.fromstring(picture.text).tag == "{http://www.w3.org/2000/svg}svg"
    for document in (picture.text, await poster(presence, place), await poster(presence, place, by="anna")):
        assert scanned(document) == f"http://localhost:8080/plekken/{place}"


@pytest.mark.parametrize("by", ["bram", "otto"])
async def test_for_who_hangs_it_up_it_also_says_that_one_is_there(presence: Presence, by: str) -> None:
    place = await presence.place()
    documents = [await poster(presence, place, by=by), (await presence.get(f"/places/{place}/qr", by=by)).text]
    key, until = key_of(SECRET), datetime(2026, 7, 31, 22, tzinfo=UTC)  # midnight here, 92 days on
    for document in documents:
        address = urlsplit(scanned(document))
        assert f"{address.scheme}://{address.netloc}{address.path}" == f"http://localhost:8080/plekken/{place}"
        [code] = parse_qs(address.query)["code"]
        refuse_other(key, code, For.PLACE, UUID(place), until - timedelta(seconds=1))
        with pytest.raises(Refused, match="too old"):
            refuse_other(key, code, For.PLACE, UUID(place), until)
        assert code not in document.replace(" ", "")
    assert "Geldig tot 1 augustus 2026; maak daarna een nieuwe." in documents[0]


async def test_what_carries_a_code_is_kept_by_nobody(presence: Presence) -> None:
    place = await presence.place()
    for path in (f"/places/{place}/poster", f"/places/{place}/qr"):
        for by, kept in ((None, "public, max-age=300"), ("anna", "public, max-age=300"), ("bram", "private, no-store")):
            answer = await presence.get(path, by=by)
            assert (answer.headers["Cache-Control"], answer.headers["Vary"]) == (kept, "Authorization")
        forged = await presence.client.get(path, headers={"Authorization": "Bearer not.a.token"})
        assert forged.status_code == 401


async def test_only_who_hangs_it_up_gets_a_code(presence: Presence) -> None:
    place = await presence.place()
    for role in Role:
        answer = await presence.client.get(f"/places/{place}/qr", headers=login("someone", role))
        assert ("?code=" in scanned(answer.text)) == (role in {Role.ARRANGER, Role.OPERATOR}), role


@pytest.mark.parametrize("paper", ["a4", "a3"])
async def test_a_poster_needs_nothing_from_elsewhere_and_runs_nothing(presence: Presence, paper: str) -> None:
    place = await presence.place()
    answer = await presence.get(f"/places/{place}/poster", paper=paper, by="bram")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    [style] = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert f"@page {{ size: {paper} portrait" in style
    assert "url(" not in style
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert policy[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]
    page = Page(answer.text)
    assert not {"script", "img", "link", "a", "iframe", "form"} & {tag for tag, _ in page.elements}
    names = {name for _, attributes in page.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")} | {"style", "src", "href"} & names


async def test_whatever_a_place_is_called_it_is_only_words(presence: Presence) -> None:
    names: Sequence[tuple[str, str]] = [(NASTY, RIGHT_TO_LEFT), (RIGHT_TO_LEFT, NASTY)]
    usual = [tag for tag, _ in Page(await poster(presence, await presence.place())).elements]
    for name, address in names:
        place = await presence.place(name=name, address=address)
        page = Page(await poster(presence, place))
        assert [tag for tag, _ in page.elements] == usual
        assert {" ".join(name.split()), " ".join(address.split())} <= set(page.words)
        # What runs from right to left keeps to its own line.
        assert [attributes.get("dir") for tag, attributes in page.elements if tag in {"h2", "p"}].count("auto") == 2
    place = await presence.place(name="Overal")
    await presence.post(
        "/sessions", window(place, 1, 2) | {"workingForm": "creative-lab", "question": "?", "title": NASTY}
    )
    page = Page(await poster(presence, place))
    assert f"Creatielab: {NASTY}" in page.words
    assert ("bdi", {}) in page.elements


async def test_there_is_nothing_to_hang_up_where_nobody_can_be_found(presence: Presence) -> None:
    closed = await presence.place()
    await presence.rows("update places set closed_reason = 'moved' where id = $1", closed)
    for place, code in ((closed, "place-closed"), (str(uuid4()), "place-unknown")):
        for path in ("poster", "qr"):
            answer = await presence.get(f"/places/{place}/{path}", by="bram")
            assert (answer.status_code, answer.json()["code"]) == (404, code)
    for query in ({"paper": "a5"}, {"language": "fy"}):
        assert (await presence.get(f"/places/{closed}/poster", **query)).status_code == 400


async def test_the_same_poster_is_not_sent_twice_and_head_tells_all_but_the_poster(presence: Presence) -> None:
    place = await presence.place()
    whole = await presence.get(f"/places/{place}/poster")
    head = await presence.client.head(f"/places/{place}/poster")
    assert (head.content, head.headers) == (b"", whole.headers)
    again = await presence.client.get(f"/places/{place}/poster", headers={"If-None-Match": whole.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    presence.now = NOON + timedelta(days=1)
    tomorrow = await presence.client.get(f"/places/{place}/poster", headers={"If-None-Match": whole.headers["ETag"]})
    assert tomorrow.status_code == 200
