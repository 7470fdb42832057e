"""A dream in place of a policy note, over HTTP: from two like ideas to a film, a story, and what came of it all."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import av
import pytest
from tests.journeys.community import Community, picture
from tests.journeys.conftest import THRESHOLD, OpenSquare
from tests.journeys.waiting import eventually

GARDEN = {
    "title": "Een buurttuin naast de kantine",
    "summary": "Samen groen maken waar nu tegels liggen.",
    "theme": "groen",
    "place": {"latitude": 52.15, "longitude": 5.39},
}
KITCHEN_GARDEN = {
    "title": "Buurttuinen bij de sportkantine",
    "summary": "Groente en groen in plaats van tegels.",
    "theme": "groen",
    "place": {"latitude": 52.1505, "longitude": 5.3905},
}
EXPERIENCE = "eenzaamheid"


@pytest.fixture
def community(square: OpenSquare) -> Iterator[Community]:
    told = Community(square)
    for who in ("anna", "bea", "carla", "dirk", "eva"):
        told.name(who)
    yield told
    told.close()


@pytest.mark.timeout(300)
def test_a_dream_is_made_by_its_community_and_everyone_hears_what_became_of_it(community: Community) -> None:
    two_become_one(community)
    contributions = bring_in(community)
    fill_the_storyboard(community, contributions)
    show_the_film(community)
    tell_and_retell(community, contributions)
    celebrate(community)
    everyone_can_follow_the_thread(community, contributions)
    a_consent_is_withdrawn(community)


def two_become_one(it: Community) -> None:
    """Bea's idea resembles Anna's; both agree to go on together, and supporters follow when they say yes."""
    garden = it.ids["garden"] = it.post("anna", "/initiatives", GARDEN)["id"]
    like = it.get("/initiatives/similar?title=Buurttuin&summary=groen&near=52.1505,5.3905&theme=groen")["items"]
    [found] = [one for one in like if one["initiative"]["id"] == garden]
    assert found["because"]
    other = it.ids["other"] = it.post("bea", "/initiatives", KITCHEN_GARDEN)["id"]
    for who in ("fenna", "gijs"):
        it.ask(who, "PUT", f"/initiatives/{other}/support")
    for who in ("carla", "dirk"):
        it.ask(who, "PUT", f"/initiatives/{garden}/support")
    merge = it.post("bea", f"/initiatives/{other}/merges", {"intoId": garden})["id"]
    it.post("anna", f"/merges/{merge}/agreement", status=200)
    assert it.page(other)["status"] == "joined"
    assert (it.page(other)["supports"], it.page(garden)["supports"]) == (2, 2)
    it.ask("fenna", "PUT", f"/merges/{merge}/consent")
    assert (it.page(other)["supports"], it.page(garden)["supports"]) == (1, 3)
    it.post("anna", f"/initiatives/{garden}/invitations", {"personId": it.people["bea"]}, status=200)
    it.post("bea", f"/initiatives/{garden}/invitations/acceptance", status=200)
    assert THRESHOLD == 3
    eventually(lambda: it.page(garden)["status"], lambda status: status == "supported")
    assert it.post("bea", f"/initiatives/{garden}/co-creation", status=200)["status"] == "in-co-creation"


def bring_in(it: Community) -> dict[str, str]:
    """A session's harvest and a talk in the field become contributions; Eva offers a photo herself."""
    garden, now = it.ids["garden"], datetime.now(UTC)
    eventually(
        lambda: it.client("bram").post(
            "/presence/v1/sessions",
            json={
                "workingForm": "creative-lab",
                "question": "Hoe ziet onze tuin eruit als iedereen er graag komt?",
                "startsAt": now.isoformat(),
                "endsAt": (now + timedelta(hours=2)).isoformat(),
                "initiativeIds": [garden],
            },
        ),
        lambda answer: keep(it, "session", answer),
    )
    session = it.ids["session"]
    it.post("bram", f"/sessions/{session}/start", service="presence", status=200)
    told = {"words": "Een bank waar je vanzelf met iemand praat.", "initiativeId": garden, "consent": "named"}
    it.post(
        "bram",
        f"/sessions/{session}/harvest",
        {"lines": [told | {"contributorId": it.people["carla"]}]},
        service="presence",
        status=200,
    )
    talk = {"theme": "groen", "consent": "named", "words": "Mijn moeder kan niet bukken.", "initiativeId": garden}
    it.post("bram", "/encounters", talk | {"contributorId": it.people["dirk"]}, service="presence")
    media = it.upload("eva", picture(), "De tegels naast de kantine, in de zon.")
    photo = it.post(
        "eva", f"/initiatives/{garden}/contributions", {"words": "Zo ziet het er nu uit.", "mediaId": media}
    )
    shown = eventually(lambda: it.page(garden)["contributions"], lambda shown: len(shown) == 3)
    by_origin = {one["origin"]: one for one in shown}
    assert by_origin["session"]["sessionId"] == session
    assert by_origin["session"]["contributor"]["name"] == "Carla"
    eventually(lambda: it.page(garden)["sessions"], lambda sessions: [one["id"] for one in sessions] == [session])
    return {"carla": by_origin["session"]["id"], "dirk": by_origin["encounter"]["id"], "eva": photo["id"]}


def keep(it: Community, name: str, answer: Any) -> bool:
    """Keep the id of what was made, once it could be."""
    if answer.status_code == 201:
        it.ids[name] = answer.json()["id"]
    return bool(answer.status_code == 201)


def fill_the_storyboard(it: Community, contributions: dict[str, str]) -> None:
    """Three people fill three scenes, one of them from lived experience that she claims herself."""
    garden = it.ids["garden"]
    dream = it.ids["dream"] = it.post("anna", f"/initiatives/{garden}/dream")["id"]
    scenes = {}
    for who, heading, asks in (("eva", "Nu", None), ("carla", "De bank", EXPERIENCE), ("dirk", "Hoge bakken", None)):
        sent = {"heading": heading, "question": "Wat hoort hier?"} | ({"experience": asks} if asks else {})
        scenes[who] = it.post("anna", f"/dreams/{dream}/scenes", sent)["sceneId"]
    it.ids["bench"] = scenes["carla"]
    it.ask("carla", "PUT", f"/me/lived-experience/{EXPERIENCE}", {"words": "Na de verhuizing kende ik niemand."})
    knows = {"words": "Op een bank bij de ingang kom je niemand voorbij.", "livedExperience": EXPERIENCE}
    own = it.post("carla", f"/initiatives/{garden}/contributions", knows | {"sceneId": scenes["carla"]})
    assert own["livedExperience"]["words"] == "Na de verhuizing kende ik niemand."
    contributions["carla, from experience"] = own["id"]
    it.post("anna", f"/contributions/{contributions['eva']}/placing", {"sceneId": scenes["eva"]}, status=200)
    fill = it.post("anna", f"/scenes/{scenes['eva']}/parts", {"contributionId": contributions["eva"]})
    it.consent("eva", fill["partId"], "dream-vision")
    it.post("anna", f"/contributions/{own['id']}/placing", {"sceneId": scenes["carla"]}, status=200)
    mine = it.post("carla", f"/scenes/{scenes['carla']}/parts", {"contributionId": own["id"], "named": True})
    it.ids["carla's part"] = mine["partId"]
    lent = it.post("anna", f"/scenes/{scenes['dirk']}/parts", {"contributionId": contributions["dirk"]})
    it.consent("dirk", lent["partId"], "dream-vision")
    board = it.get(f"/dreams/{dream}")
    assert [scene["status"] for scene in board["scenes"]] == ["filled"] * 3
    assert board["scenes"][1]["experience"] == {"topic": EXPERIENCE, "filled": True}


def show_the_film(it: Community) -> None:
    """The film is made by a process of its own, and plays: with sound, captions in two languages, and in two codecs."""
    dream, garden = it.ids["dream"], it.ids["garden"]
    assert it.post("anna", f"/dreams/{dream}/renders")["dreamVersion"] == 1
    done = finished(it, 1)
    assert (done["status"], done["percent"], done["darkScenes"]) == ("rendered", 100, [])
    refused = it.client("eva").post(f"/initiatives/v1/dreams/{dream}/publication", json={"version": 1})
    assert refused.status_code == 403
    it.post("anna", f"/dreams/{dream}/publication", {"version": 1}, status=200)
    page = it.page(garden)
    assert page["status"] == "dream-published"
    assert page["dream"]["seconds"] == done["seconds"]
    spoken = page["dream"]["text"]
    assert "Op een bank bij de ingang kom je niemand voorbij." in str(spoken)
    for codec in ("h264", "av1"):
        film = watch(it, 1, codec)
        with av.open(io.BytesIO(film), "r") as container:
            assert container.duration is not None
            assert abs(container.duration / av.time_base - done["seconds"]) < 0.5
            [video] = container.streams.video
            assert video.codec_context.codec.canonical_name == codec
            assert (video.width, video.height) == (320, 180)
            assert len(container.streams.audio) == 1
            assert len(list(container.decode(video=0))) == round(done["seconds"] * 25)
    for language in ("nl", "en"):
        captions = watch(it, 1, language).decode()
        assert captions.startswith("WEBVTT")
        assert "-->" in captions
    assert "Op een bank bij de ingang" in watch(it, 1, "nl").decode()
    part = it.client("anyone").get(f"/initiatives/v1/dreams/{dream}/versions/1/h264", follow_redirects=False)
    assert part.next_request is not None
    first = it.client("anyone").get(part.next_request.url, headers={"Range": "bytes=0-99"})
    assert (first.status_code, len(first.content)) == (206, 100)


def finished(it: Community, version: int) -> dict[str, Any]:
    """A version once its film is made."""
    render: dict[str, Any] = eventually(
        lambda: it.get(f"/dreams/{it.ids['dream']}/renders/{version}"),
        lambda shown: shown["status"] not in {"queued", "rendering"},
        within_s=120,
    )
    return render


def watch(it: Community, version: int, file: str) -> bytes:
    answer = it.client("anyone").get(
        f"/initiatives/v1/dreams/{it.ids['dream']}/versions/{version}/{file}", follow_redirects=True
    )
    assert answer.status_code == 200, answer.text
    return answer.content


def tell_and_retell(it: Community, contributions: dict[str, str]) -> None:
    """Eva tells what happened, with Carla in it; an alderman retells it once everyone in it says yes to that too."""
    garden = it.ids["garden"]
    it.post("anna", f"/initiatives/{garden}/start", status=200)
    telling = {
        "title": "Hoe Carla haar bank kreeg",
        "text": "Ze kende niemand. Nu kent ze iedereen.",
        "people": [it.people["carla"]],
        "contributionIds": [contributions["carla"], contributions["eva"]],
        "mayBeRetold": True,
    }
    story = it.ids["story"] = it.post("eva", f"/initiatives/{garden}/stories", telling)["id"]
    refused = it.client("eva").post(f"/initiatives/v1/stories/{story}/publication")
    assert (refused.status_code, refused.json()["code"]) == (422, "consent-missing")
    it.consent("carla", story, "story")
    it.post("eva", f"/stories/{story}/publication", status=200)
    it.consent("carla", story, "retelling")
    worth = it.get("/stories/worth-retelling", "dora")["items"]
    assert any(story in str(one) for one in worth), worth
    it.post("dora", f"/stories/{story}/retellings", {"text": "Kijk wat de buurt zelf kan."})
    retold = it.get(f"/stories/{story}")
    assert retold["original"]["title"] == "Hoe Carla haar bank kreeg"
    assert [one["text"] for one in retold["retellings"]] == ["Kijk wat de buurt zelf kan."]
    assert list(retold).index("original") < list(retold).index("retellings")


def celebrate(it: Community) -> None:
    garden = it.ids["garden"]
    mark = it.ids["milestone"] = it.post("bea", f"/initiatives/{garden}/milestones", {"title": "De bank staat"})["id"]
    it.post("anna", f"/milestones/{mark}/reaching", status=200)
    done = it.post(
        "bea", f"/initiatives/{garden}/celebration", {"thanks": "Dank aan iedereen die meedeed."}, status=200
    )
    assert (done["status"], done["thanks"]) == ("celebrated", "Dank aan iedereen die meedeed.")


def everyone_can_follow_the_thread(it: Community, contributions: dict[str, str]) -> None:
    """Each hop is in the lineage of what was brought in, and was told to who brought it."""
    everything = {"contribution", "initiative", "milestone"}
    assert it.hops(contributions["carla"]) >= {*everything, "session", "story", "retelling"}
    assert it.hops(contributions["carla, from experience"]) >= {*everything, "scene", "dream"}
    assert it.hops(contributions["dirk"]) >= {*everything, "encounter", "scene", "dream"}
    assert it.hops(contributions["eva"]) >= {*everything, "scene", "dream", "story", "retelling"}
    for who, contribution in (("carla", "carla"), ("dirk", "dirk"), ("eva", "eva")):
        mine = it.get("/me/lineage?limit=20", who)["items"]
        assert contributions[contribution] in {one["contributionId"] for one in mine}
        told = eventually(
            lambda who=who: it.get("/me/lines", who, service="notifications")["items"],  # type: ignore[misc]
            lambda lines: len(lines) >= 3,
        )
        assert all(line["line"] for line in told)


def a_consent_is_withdrawn(it: Community) -> None:
    """Carla withdraws: her scene is dark in a version that comes by itself, and the film with her in it is gone."""
    dream, garden = it.ids["dream"], it.ids["garden"]
    it.consent("carla", it.ids["carla's part"], "dream-vision", "withdrawal")
    gone = it.client("anyone").get(f"/initiatives/v1/dreams/{dream}/versions/1/h264", follow_redirects=True)
    assert gone.status_code == 410, gone.text
    page = eventually(
        lambda: it.page(garden),
        lambda page: page["dream"]["version"] == 2 and page["dream"]["film"] is not None,
        within_s=120,
    )
    assert "Op een bank bij de ingang" not in str(page["dream"])
    versions = it.get(f"/dreams/{dream}/versions")["items"]
    darkened = [change for change in versions[0]["changes"] if change["sceneId"] == it.ids["bench"]]
    assert [change["change"] for change in darkened] == ["darkened"]
    assert "Op een bank bij de ingang" not in watch(it, 2, "nl").decode()
