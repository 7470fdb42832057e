"""Dream visions over HTTP: made together, filmed, published, and never showing what was taken back."""

import io
from pathlib import Path
from uuid import UUID

import av
from httpx import Response
from tests.initiatives.conftest import Initiatives, some_id
from tests.initiatives.dreaming import WORKER, Dreaming
from tests.support import login, person

from dorpsplein.contracts.initiatives.dreams import DreamRenderFailed, DreamState, SceneDarkened
from dorpsplein.contracts.initiatives.initiatives import DreamVisionPublished
from dorpsplein.contracts.initiatives.links import ContributionLinked
from initiatives.api.views.dreams import Dream, DreamAnswer, PartInScene, Render, VersionList
from initiatives.commands import filming, media, renders
from initiatives.domain.media import Found, Kind
from initiatives.media.store import media_prefix, store_of
from initiatives.storage.films import ids_of


async def name(there: Initiatives, who: str, called: str) -> None:
    answer = await there.client.put("/me/profile", json={"name": called}, headers=login(who))
    assert answer.status_code == 200, answer.text


def refusals(*answers: Response) -> list[tuple[int, str]]:
    return [(answer.status_code, answer.json()["code"]) for answer in answers]


async def test_three_people_fill_a_storyboard_and_its_film_is_published(initiatives: Initiatives) -> None:
    it = await Dreaming.begin(initiatives)
    for who, called in (("boris", "Boris B."), ("carla", "Carla C."), ("dirk", "Dirk D.")):
        await name(initiatives, who, called)
    garden, feast, _ = await it.scene("De tuin"), await it.scene("Het feest"), await it.scene("Later")
    claim = await initiatives.client.put(
        "/me/lived-experience/armoede", json={"words": "Ik leefde ervan."}, headers=login("carla")
    )
    assert claim.status_code in (200, 201), claim.text
    path = f"/dreams/{it.dream}/scenes/{feast}"
    asked = await initiatives.client.patch(path, json={"experience": "armoede"}, headers=login("anna"))
    assert DreamAnswer.model_validate(asked.json()).scenes[1].experience is not None
    await it.filled(garden, "Hier groeien bonen.", by="boris", named=True)
    known = await it.bring("Samen eten kost weinig.", by="carla", livedExperience="armoede")
    shared = await it.fill(feast, known)
    await it.fill(feast, await it.bring("Met muziek erbij.", by="dirk"), by="dirk")
    board = Dream.model_validate(await it.board())
    assert [scene.status for scene in board.scenes] == ["filled", "filled", "open"]
    assert [part.words for part in board.scenes[1].parts] == [None, "Met muziek erbij."]

    shown = await initiatives.get(f"/scene-parts/{shared}")
    assert PartInScene.model_validate(shown.json()).scene.heading == "Het feest"
    await it.say(shared, "giving", by="carla")
    await it.say(shared, "giving", by="carla", use="credits")
    number = await it.published()

    render = Render.model_validate(await it.render(number))
    assert (render.status, render.percent, render.attempts, render.dark_scenes) == ("published", 100, 1, [])
    for codec, decoders in (("h264", {"h264"}), ("av1", {"av1", "libdav1d", "libaom-av1"})):
        with av.open(io.BytesIO(await it.bytes_of(number, codec)), "r") as film:
            assert film.streams.video[0].codec_context.name in decoders
            assert film.duration is not None
            assert render.seconds is not None
            assert abs(film.duration / 1_000_000 - render.seconds) < 0.5
            assert len(film.streams.audio) == 1
    assert "Hier groeien bonen." in (await it.bytes_of(number, "nl")).decode()
    assert (await it.bytes_of(number, "poster"))[:2] == b"\xff\xd8"

    page = await it.on_page()
    assert (page["version"], page["scenes"], page["openScenes"]) == (1, 3, 1)
    assert set(page["film"]) == {"h264", "av1", "nl", "en", "poster"}
    assert [part["words"] for scene in page["text"] for part in scene["parts"]] == [
        "Hier groeien bonen.",
        "Samen eten kost weinig.",
        "Met muziek erbij.",
    ]
    assert page["text"][1]["parts"][0]["livedExperience"] == "armoede"
    assert page["credits"] == ["Boris B.", "Carla C."]
    assert (await initiatives.page(it.initiative))["status"] == "dream-published"
    told = [event.event for event in await initiatives.told()]
    [state] = [event for event in told if isinstance(event, DreamState)][-1:]
    assert state.headings == ["De tuin", "Het feest", "Later"]
    assert state.texts == ["Hier groeien bonen.", "Samen eten kost weinig.\n\nMet muziek erbij.", ""]
    shown_in = {event.from_id for event in told if isinstance(event, ContributionLinked) and event.kind == "shown-in"}
    assert shown_in == {UUID(garden), UUID(feast)}
    assert "armoede" not in "".join(event.model_dump_json() for event in told if not event.topic.endswith(".state"))


async def test_what_is_taken_back_is_gone_at_once_and_the_film_is_made_again_by_itself(
    initiatives: Initiatives,
) -> None:
    it = await Dreaming.begin(initiatives)
    garden, feast = await it.scene("De tuin"), await it.scene("Het feest")
    beans = await it.filled(garden, "Hier groeien bonen.", by="boris")
    await it.filled(feast, "Wij eten samen.", by="carla")
    first = await it.published()
    link = (await it.watch(first)).headers["Location"].removeprefix("/v1")
    await it.filled(feast, "Dit komt er later bij.", by="carla")

    await it.say(beans, "withdrawal", by="boris")
    for file in ("h264", "av1", "nl", "en", "poster"):
        assert refusals(await it.watch(first, file)) == [(410, "version-withdrawn")]
    assert (await initiatives.client.get(link)).status_code in (404, 410)
    page = await it.on_page()
    assert (page["film"], page["text"][0]["dark"], page["text"][0]["parts"]) == (None, True, [])
    assert (await it.board())["scenes"][0]["parts"][0]["words"] is None
    [darkened] = [one.event for one in await initiatives.told() if isinstance(one.event, SceneDarkened)]
    assert (darkened.part_id, darkened.reason) == (UUID(beans), "consent-withdrawn")
    render_id = ids_of((await it.render(first))["renderId"])
    assert await initiatives.rows("select from media where id = any($1::uuid[])", list(render_id.values())) == []
    removed = await initiatives.rows("select prefix from media_removals")
    assert {(media_prefix(one),) for one in render_id.values()} <= set(removed)

    await it.make_films()
    render = Render.model_validate(await it.render(first + 1))
    assert (render.status, [dark.reason for dark in render.dark_scenes]) == ("published", ["not-agreed"])
    captions = (await it.bytes_of(first + 1, "nl")).decode()
    assert "bonen" not in captions
    assert "later" not in captions, "what its initiators did not publish is not published by itself"
    facts = [one.event.dream_version for one in await initiatives.told() if isinstance(one.event, DreamVisionPublished)]
    assert facts == [first, first + 1]
    listed = VersionList.model_validate((await initiatives.get(f"/dreams/{it.dream}/versions")).json())
    assert [(one.status, [change.sentence for change in one.changes]) for one in listed.items] == [
        ("published", ["«De tuin» werd donker"]),
        ("withdrawn", ["«De tuin» kwam erbij", "«Het feest» kwam erbij"]),
    ]

    again = await it.published()
    assert "later" in (await it.bytes_of(again, "nl")).decode()
    assert refusals(await it.watch(first + 1)) == [(410, "version-replaced")]


async def test_a_film_that_names_somebody_goes_when_they_do_not_want_that_any_more(initiatives: Initiatives) -> None:
    it = await Dreaming.begin(initiatives)
    await name(initiatives, "boris", "Boris B.")
    part = await it.filled(await it.scene(), "Hier groeien bonen.", by="boris", named=True)
    first = await it.published()
    assert (await it.on_page())["credits"] == ["Boris B."]
    await it.say(part, "withdrawal", by="boris", use="credits")
    assert refusals(await it.watch(first)) == [(410, "version-withdrawn")]
    assert (await it.on_page())["credits"] == []
    await it.make_films()
    page = await it.on_page()
    assert (page["credits"], page["text"][0]["parts"][0]["words"]) == ([], "Hier groeien bonen.")
    assert (await it.render(first + 1))["seconds"] < (await it.render(first))["seconds"], "no card of credits"


async def test_a_contribution_that_is_taken_back_or_hidden_goes_dark_as_well(initiatives: Initiatives) -> None:
    it = await Dreaming.begin(initiatives)
    scene = await it.scene()
    ours = await it.bring("Hier groeien bonen.", by="boris")
    await it.fill(scene, ours, by="boris")
    await it.filled(scene, "En prei.", by="carla")
    first = await it.published()
    withdrawn = await initiatives.post(f"/contributions/{ours}/withdrawal", by="boris")
    assert withdrawn.status_code == 200, withdrawn.text
    assert refusals(await it.watch(first)) == [(410, "version-withdrawn")]
    await it.make_films()
    assert [part["words"] for part in (await it.on_page())["text"][0]["parts"]] == ["En prei."]

    other = await it.filled(await it.scene("Het feest"), "Wij eten samen.", by="carla")
    second = await it.published()
    async with initiatives.runtime.database.transaction() as tx:
        await tx.execute("insert into hidden (subject_kind, subject_id) values ('scene', $1)", UUID(scene))
        await renders.scenes_changed(tx, [UUID(scene)], initiatives.now)
    assert refusals(await it.watch(second)) == [(410, "version-withdrawn")]
    assert [one["heading"] for one in (await it.board())["scenes"]] == ["Het feest"]
    assert [one["heading"] for one in (await it.on_page())["text"]] == ["Het feest"]
    [state] = [one.event for one in await initiatives.told() if isinstance(one.event, DreamState)][-1:]
    assert state.headings == ["Het feest"]
    await it.make_films()
    assert "prei" not in (await it.bytes_of(second + 1, "nl")).decode()
    changes = (await initiatives.get(f"/dreams/{it.dream}/versions")).json()["items"][0]["changes"]
    assert scene not in {change["sceneId"] for change in changes}
    assert (await initiatives.get(f"/scene-parts/{other}")).status_code == 200


async def test_what_may_not_be_is_refused_and_changes_nothing(initiatives: Initiatives) -> None:
    early = await initiatives.propose()
    it = await Dreaming.begin(initiatives)
    scene, other = await it.scene(), await it.scene("Nog een")
    elsewhere = await Dreaming.begin(initiatives)
    theirs = await elsewhere.bring("Van elders.", by="boris")
    far = await elsewhere.scene()
    mine = await it.bring("Hier groeien bonen.", by="boris")
    secret = await it.bring("Niemand weet dit.", by="carla", anonymous=True)
    long = await it.bring("Lang. " * 200, by="carla")
    waiting = await it.fill(scene, mine)
    told = len(await initiatives.told())
    dream, client = it.dream, initiatives.client

    async def change(scene_id: str, **sent: object) -> Response:
        return await client.patch(f"/dreams/{dream}/scenes/{scene_id}", json=sent, headers=login("anna"))

    async def order(*scenes: str) -> Response:
        return await client.put(f"/dreams/{dream}/order", json={"sceneIds": scenes}, headers=login("anna"))

    new = {"heading": "x", "question": "y"}
    assert refusals(
        await initiatives.post(f"/initiatives/{early}/dream"),
        await initiatives.post(f"/initiatives/{it.initiative}/dream"),
        await initiatives.post(f"/initiatives/{it.initiative}/dream", by="boris"),
        await initiatives.post(f"/dreams/{dream}/scenes", new, by="boris"),
        await initiatives.post(f"/dreams/{some_id(1)}/scenes", new),
        await initiatives.post(f"/dreams/{dream}/scenes", {"heading": "x" * 101, "question": "y"}),
        await change(far, heading="x"),
        await change(scene),
        await order(scene),
        await order(scene, far),
        await it.filling(scene, theirs),
        await it.filling(scene, secret),
        await it.filling(scene, long),
        await it.filling(scene, mine),
        await it.filling(other, mine, by="carla"),
        await it.filling(str(some_id(2)), mine),
        await it.filling(other, str(some_id(2))),
        await client.delete(f"/scene-parts/{waiting}", headers=login("carla")),
        await client.delete(f"/scene-parts/{some_id(3)}", headers=login("anna")),
        await initiatives.post(f"/dreams/{dream}/renders"),
        await initiatives.post(f"/dreams/{dream}/renders", by="boris"),
        await it.publish(1),
        await it.publish(1, by="boris"),
        await it.watch(1),
        await initiatives.get(f"/dreams/{some_id(1)}"),
        await initiatives.get(f"/dreams/{some_id(1)}/versions"),
        await initiatives.get(f"/dreams/{dream}/versions/1/film"),
    ) == [
        (422, "not-in-co-creation"),
        (409, "dream-exists"),
        (403, "not-yours"),
        (403, "not-yours"),
        (404, "dream-unknown"),
        (400, "invalid-request"),
        (404, "scene-unknown"),
        (400, "nothing-to-change"),
        (400, "not-all-scenes"),
        (400, "not-all-scenes"),
        (422, "contribution-of-another"),
        (422, "nobody-to-ask"),
        (422, "too-long-for-a-scene"),
        (409, "already-in-scene"),
        (403, "not-yours"),
        (404, "scene-unknown"),
        (404, "contribution-unknown"),
        (403, "not-yours"),
        (404, "part-unknown"),
        (422, "nothing-to-show"),
        (403, "not-yours"),
        (404, "version-unknown"),
        (403, "not-yours"),
        (404, "version-unknown"),
        (404, "dream-unknown"),
        (404, "dream-unknown"),
        (400, "invalid-request"),
    ]
    assert len(await initiatives.told()) == told

    await it.filled(other, "Wij eten samen.", by="carla")
    version = await it.ask_render()
    assert refusals(
        await initiatives.post(f"/dreams/{dream}/renders"), await it.publish(version), await it.watch(version)
    ) == [(422, "render-under-way"), (422, "not-rendered"), (404, "film-unknown")]
    await it.make_films()
    assert (await it.watch(version, by="anna")).status_code == 307
    assert refusals(
        await initiatives.post(f"/dreams/{dream}/renders"),
        await it.publish(version),
        await it.watch(version),
        await it.watch(version, by="boris"),
    ) == [(422, "storyboard-unchanged"), (422, "consent-missing"), (404, "film-unknown"), (404, "film-unknown")]
    await client.delete(f"/scene-parts/{waiting}", headers=login("anna"))
    listed = await client.get("/me/consents", headers=login("boris"))
    assert {one["status"] for one in listed.json()["items"]} == {"lapsed"}, "nobody is asked for what is not used"
    version = await it.published()
    assert refusals(await it.publish(version)) == [(422, "already-published")]


async def test_scenes_are_changed_moved_and_taken_out_and_a_command_repeated_does_it_once(
    initiatives: Initiatives,
) -> None:
    it = await Dreaming.begin(initiatives)
    one, two, three = await it.scene("Een"), await it.scene("Twee"), await it.scene("Drie")
    part = await it.filled(two, "Wij eten samen.", by="carla")
    client, anna = initiatives.client, login("anna")
    order = f"/dreams/{it.dream}/order"
    await client.put(order, json={"sceneIds": [three, one, two]}, headers=anna)
    told = len(await initiatives.told())
    await client.put(order, json={"sceneIds": [three, one, two]}, headers=anna)
    assert len(await initiatives.told()) == told
    await client.patch(f"/dreams/{it.dream}/scenes/{one}", json={"heading": "Eerst"}, headers=anna)
    assert [scene["heading"] for scene in (await it.board())["scenes"]] == ["Drie", "Eerst", "Twee"]
    for _ in range(2):
        asked = await initiatives.post(f"/dreams/{it.dream}/renders", key="once")
        assert asked.json()["dreamVersion"] == 1
    removed = await client.delete(f"/dreams/{it.dream}/scenes/{two}", headers=anna)
    assert [scene["heading"] for scene in removed.json()["scenes"]] == ["Drie", "Eerst"]
    assert refusals(await client.delete(f"/scene-parts/{part}", headers=anna)) == [(404, "part-unknown")]
    await it.make_films()
    assert (await it.render(1))["status"] == "rendered", "a version keeps what was taken out after it"


async def test_media_that_cannot_be_shown_leave_their_scene_dark_and_named(
    initiatives: Initiatives, tmp_path: Path
) -> None:
    it = await Dreaming.begin(initiatives)
    broken, whole = await it.scene("Het plaatje"), await it.scene("De tuin")
    (tmp_path / "junk").write_bytes(b"\x89PNG not really")
    found = Found(Kind.IMAGE, "image/png", 16, b"0" * 32, 10, 10)
    runtime = initiatives.runtime
    await media.keep(
        runtime.database,
        store_of(runtime.settings),  # type: ignore[arg-type]
        tmp_path / "junk",
        found,
        media_id=some_id(7),
        description="Een tuin",
        removed_at=initiatives.now,
        now=initiatives.now,
    )
    await initiatives.rows("update media set owner_id = $1 where id = $2 returning id", person("boris"), some_id(7))
    await it.fill(broken, await it.bring("Kijk.", by="boris", mediaId=str(some_id(7))), by="boris")
    await it.filled(whole, "Hier groeien bonen.", by="carla")
    number = await it.published()
    render = await it.render(number)
    assert render["darkScenes"] == [{"sceneId": broken, "reason": "media-broken"}]
    assert (await it.on_page())["text"][0]["parts"][0]["description"] == "Een tuin"


async def test_a_render_that_is_cut_off_twice_is_given_up_and_may_be_asked_again(initiatives: Initiatives) -> None:
    it = await Dreaming.begin(initiatives)
    await it.filled(await it.scene(), "Hier groeien bonen.", by="boris")
    number = await it.ask_render()
    for _ in range(3):
        async with initiatives.runtime.database.transaction() as tx:
            await filming.claim(tx, WORKER, lease_s=-1.0, now=initiatives.now)
    render = await it.render(number)
    assert (render["status"], render["attempts"], render["failure"]) == ("failed", 2, "cut-off-twice")
    [failed] = [one.event for one in await initiatives.told() if isinstance(one.event, DreamRenderFailed)]
    assert failed.reason == "cut-off-twice"
    assert refusals(await it.publish(number)) == [(422, "not-rendered")]
    assert await it.published() == number + 1
