"""English captions: written by people, shown only with the words they are of, and gone with them."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

from httpx import Response
from tests.initiatives.conftest import Initiatives, some_id
from tests.initiatives.dreaming import Dreaming
from tests.initiatives.moderating import hidden
from tests.initiatives.rendering.studio import film
from tests.initiatives.test_dreams import refusals
from tests.support import login

from dorpsplein.contracts.initiatives.dreams import SceneChanged
from initiatives.api.views.dreams import Dream, PartInScene
from initiatives.domain.dreams.film import shots
from initiatives.domain.dreams.storyboard import Light, Part, Scene


async def write(there: Initiatives, part: str, words: str, *, by: str) -> Response:
    return await there.client.put(f"/scene-parts/{part}/english", json={"words": words}, headers=login(by))


async def take_away(there: Initiatives, part: str, *, by: str) -> Response:
    return await there.client.delete(f"/scene-parts/{part}/english", headers=login(by))


async def written(there: Initiatives, part: str, words: str, *, by: str) -> None:
    answer = await write(there, part, words, by=by)
    assert answer.status_code == 200, answer.text


async def kept(there: Initiatives) -> set[str]:
    """All English that is stored of parts."""
    return {words for (words,) in await there.rows("select words from scene_part_english")}


async def on_page(it: Dreaming) -> list[str | None]:
    """The English of each part that the page of the initiative shows."""
    return [part["english"] for scene in (await it.on_page())["text"] for part in scene["parts"]]


async def test_a_film_says_in_english_what_people_wrote_and_the_rest_in_words_marked_as_dutch(
    initiatives: Initiatives, tmp_path: Path
) -> None:
    it = await Dreaming.begin(initiatives)
    garden = await it.scene("De tuin", headingEnglish="The garden")
    beans = await it.filled(garden, "Hier groeien bonen.", by="boris")
    await it.filled(await it.scene("Het feest"), "Wij eten & drinken.", by="carla")
    await written(initiatives, beans, "Beans grow here.", by="boris")
    number = await it.published()

    english = (await it.bytes_of(number, "en")).decode()
    assert "\nBeans grow here.\n" in english
    assert "\n<lang nl>Wij eten &amp; drinken.</lang>\n" in english
    assert "Beans" not in (await it.bytes_of(number, "nl")).decode()
    (tmp_path / "film.mp4").write_bytes(await it.bytes_of(number))
    tracks = film(tmp_path / "film.mp4").texts
    assert [words for _, _, words in tracks["eng"]] == ["Beans grow here.", "Wij eten & drinken."]
    assert [words for _, _, words in tracks["nld"]] == ["Hier groeien bonen.", "Wij eten & drinken."]

    board = Dream.model_validate(await it.board())
    assert [scene.heading_english for scene in board.scenes] == ["The garden", None]
    assert [part.english for scene in board.scenes for part in scene.parts] == ["Beans grow here.", None]
    page = await it.on_page()
    assert [scene["headingEnglish"] for scene in page["text"]] == ["The garden", None]
    [(stored,)] = await initiatives.rows("select scenes::text || parts::text from dream_versions")
    told = "".join(one.event.model_dump_json() for one in await initiatives.told())
    assert not any(words in stored + told for words in ("Beans", "The garden"))


async def test_other_english_shows_on_the_page_at_once_and_in_the_film_of_the_next_version(
    initiatives: Initiatives,
) -> None:
    it = await Dreaming.begin(initiatives)
    garden = await it.scene("De tuin", headingEnglish="The garden")
    part = await it.filled(garden, "Hier groeien bonen.", by="boris")
    first = await it.published()
    for words in ("Beans grow here.", "Beans grow here."):
        await written(initiatives, part, words, by="anna")
    changed = [one.event for one in await initiatives.told() if isinstance(one.event, SceneChanged)]
    assert [(one.scene_id, one.changed) for one in changed] == [(UUID(garden), ["english"])], (
        "the same again is no fact"
    )
    assert await on_page(it) == ["Beans grow here."]
    assert "Beans" not in (await it.bytes_of(first, "en")).decode()

    second = await it.published()
    assert "\nBeans grow here.\n" in (await it.bytes_of(second, "en")).decode()
    versions = (await initiatives.get(f"/dreams/{it.dream}/versions")).json()["items"]
    assert [change["sentence"] for change in versions[0]["changes"]] == ["«De tuin» kreeg andere Engelse ondertitels"]
    assert versions[0]["seconds"] == versions[1]["seconds"], "what is said below it does not change the film"
    for _ in range(2):
        assert (await take_away(initiatives, part, by="boris")).status_code == 200
    assert (await on_page(it), await kept(initiatives)) == ([None], set())

    path, anna = f"/dreams/{it.dream}/scenes/{garden}", login("anna")
    await initiatives.client.patch(path, json={"heading": "De moestuin"}, headers=anna)
    assert (await it.board())["scenes"][0]["headingEnglish"] is None, "it said another heading"
    both = {"heading": "De bonentuin", "headingEnglish": "The bean garden"}
    await initiatives.client.patch(path, json=both, headers=anna)
    assert (await it.board())["scenes"][0]["headingEnglish"] == "The bean garden"
    shown = (await it.on_page())["text"][0]
    assert (shown["heading"], shown["headingEnglish"]) == ("De tuin", None), "the version has the heading of before"
    await initiatives.client.patch(path, json={"headingEnglish": None}, headers=anna)
    assert (await it.board())["scenes"][0]["headingEnglish"] is None


async def test_english_is_shown_only_with_the_words_it_is_of_and_goes_with_them(initiatives: Initiatives) -> None:
    it = await Dreaming.begin(initiatives)
    scene = await it.scene()
    beans, leek = await it.bring("Bonen.", by="boris"), await it.bring("Prei.", by="carla")
    asked, unused = await it.fill(scene, beans), await it.filled(scene, "Uien.", by="boris")
    hides = await it.fill(scene, leek, by="carla")
    for part, words in ((asked, "Beans."), (unused, "Onions."), (hides, "Leek.")):
        await written(initiatives, part, words, by="anna")

    async def shown() -> list[str | None]:
        """What the board and the parts themselves show, and they agree."""
        parts = Dream.model_validate(await it.board()).scenes[0].parts
        for part in parts:
            alone = await initiatives.get(f"/scene-parts/{part.id}")
            assert PartInScene.model_validate(alone.json()).english == part.english
        return [part.english for part in parts]

    assert await shown() == [None, "Onions.", "Leek."], "it waits as its words do"
    await it.say(asked, "giving", by="boris")
    assert await shown() == ["Beans.", "Onions.", "Leek."]
    await initiatives.client.delete(f"/scene-parts/{unused}", headers=login("anna"))
    assert await kept(initiatives) == {"Beans.", "Leek."}
    await it.published()

    await hidden(initiatives, leek, "contribution")
    assert (await shown(), await on_page(it)) == (["Beans.", None], ["Beans."])
    withdrawn = await initiatives.post(f"/contributions/{beans}/withdrawal", by="boris")
    assert withdrawn.status_code == 200, withdrawn.text
    assert (await shown(), await on_page(it)) == ([None, None], [])
    assert await kept(initiatives) == {"Leek."}, "what is hidden may come back"
    assert (
        refusals(
            await write(initiatives, asked, "Beans!", by="anna"), await write(initiatives, hides, "Leek!", by="carla")
        )
        == [(404, "contribution-unknown")] * 2
    )


async def test_who_may_not_write_english_or_writes_too_much_is_refused_and_nothing_changes(
    initiatives: Initiatives,
) -> None:
    it = await Dreaming.begin(initiatives)
    part = await it.filled(await it.scene(), "Hier groeien bonen.", by="boris")
    await written(initiatives, part, "Beans grow here.", by="boris")
    told = len(await initiatives.told())
    assert refusals(
        await write(initiatives, part, "Nothing grows here.", by="carla"),
        await take_away(initiatives, part, by="carla"),
        await write(initiatives, part, "x" * 601, by="boris"),
        await write(initiatives, part, " ", by="boris"),
        await write(initiatives, str(some_id(3)), "Beans.", by="anna"),
        await take_away(initiatives, str(some_id(3)), by="anna"),
    ) == [
        (403, "not-yours"),
        (403, "not-yours"),
        (400, "invalid-request"),
        (400, "invalid-request"),
        (404, "part-unknown"),
        (404, "part-unknown"),
    ]
    await initiatives.post(f"/initiatives/{it.initiative}/pause", {"reason": "season"})
    assert refusals(await write(initiatives, part, "Beans.", by="boris")) == [(422, "not-in-co-creation")]
    assert await kept(initiatives) == {"Beans grow here."}
    assert len(await initiatives.told()) - told <= 2, "of the pause alone"
    assert (await take_away(initiatives, part, by="boris")).status_code == 200, "taking away is always possible"


def test_what_nobody_wrote_of_a_shot_in_english_stays_dutch_beside_what_somebody_did() -> None:
    scene, other = Scene(some_id(1), "De tuin", "Wat?"), Scene(some_id(2), "Het feest", "Wie?")
    image, text, last = (
        Part(some_id(10 + at), where.id, some_id(20 + at), some_id(30), kind, Light.LIT)
        for at, (where, kind) in enumerate([(scene, "image"), (scene, "text"), (other, "text")])
    )
    words = {image.contribution_id: "Zo.", text.contribution_id: "Bonen.", last.contribution_id: "Taart."}
    first, second = shots([scene, other], [image, text, last], words, {text.id: "Beans."})
    assert (first.text, first.english) == ("Bonen.\nZo.", (("en", "Beans."), ("nl", "Zo.")))
    assert (second.text, second.english) == ("Taart.", ())
    dark = [replace(text, light=Light.DARK)]
    assert shots([scene], dark, words, {text.id: "Beans."})[0].english == ()
