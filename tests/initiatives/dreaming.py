"""A dream vision as a test makes it: an initiative of Anna's in co-creation, its storyboard, and tiny films."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from httpx import Response
from tests.initiatives.conftest import Initiatives
from tests.support import login

from initiatives.api.views.initiatives import InitiativePage
from initiatives.commands.initiatives import locked, saved
from initiatives.domain import life
from initiatives.film_studio import make_next
from initiatives.rendering.storyboard import Size

WORKER = UUID(int=1)
TINY = {"film_size": Size(width=96, height=64), "film_fps": 5, "municipality": "Gemeente Molendorp"}


@dataclass
class Dreaming:
    """What residents, initiators and the process that makes films do."""

    there: Initiatives
    initiative: str
    dream: str

    @classmethod
    async def begin(cls, there: Initiatives, **other: Any) -> "Dreaming":
        """Anna's initiative in co-creation, with an empty storyboard."""
        there.runtime.settings = there.runtime.settings.model_copy(update=TINY)
        initiative = await in_co_creation(there)
        answer = await there.post(f"/initiatives/{initiative}/dream")
        assert answer.status_code == 201, answer.text
        return cls(there, initiative, answer.json()["id"])

    async def scene(self, heading: str = "De tuin in mei", **other: Any) -> str:
        sent = {"heading": heading, "question": "Wat hoort hier?", **other}
        answer = await self.there.post(f"/dreams/{self.dream}/scenes", sent)
        assert answer.status_code == 201, answer.text
        scene: str = answer.json()["sceneId"]
        return scene

    async def bring(self, words: str, *, by: str, **other: Any) -> str:
        """Somebody brings words in; the contribution's id."""
        path = f"/initiatives/{self.initiative}/contributions"
        answer = await self.there.post(path, {"words": words, **other}, by=by)
        assert answer.status_code == 201, answer.text
        contribution: str = answer.json()["id"]
        return contribution

    async def fill(self, scene: str, contribution: str, *, by: str = "anna", named: bool = False) -> str:
        """Fill a scene; the part's id."""
        answer = await self.filling(scene, contribution, by=by, named=named)
        assert answer.status_code == 201, answer.text
        part: str = answer.json()["partId"]
        return part

    async def filling(self, scene: str, contribution: str, *, by: str = "anna", named: bool = False) -> Response:
        sent = {"contributionId": contribution, "named": named}
        return await self.there.post(f"/scenes/{scene}/parts", sent, by=by)

    async def filled(self, scene: str, words: str, *, by: str, named: bool = False) -> str:
        """Somebody fills a scene with words of their own; the part's id."""
        return await self.fill(scene, await self.bring(words, by=by), by=by, named=named)

    async def answer(self, part: str, answer: str, *, by: str, use: str = "dream-vision") -> Response:
        """Give, decline or withdraw a consent that somebody is asked for (`giving`, `declining`, `withdrawal`)."""
        listed = await self.there.client.get("/me/consents?limit=100", headers=login(by))
        [consent] = [one["id"] for one in listed.json()["items"] if (one["subjectId"], one["use"]) == (part, use)]
        return await self.there.post(f"/consents/{consent}/{answer}", by=by)

    async def say(self, part: str, answer: str, *, by: str, use: str = "dream-vision") -> None:
        response = await self.answer(part, answer, by=by, use=use)
        assert response.status_code == 200, response.text

    async def ask_render(self, *, by: str = "anna") -> int:
        """Ask for a version; its number."""
        answer = await self.there.post(f"/dreams/{self.dream}/renders", by=by)
        assert answer.status_code == 201, answer.text
        number: int = answer.json()["dreamVersion"]
        return number

    async def make_films(self) -> None:
        """Make all films that wait."""
        while await make_next(self.there.runtime, WORKER, asyncio.Event()):
            pass

    async def rendered(self) -> int:
        """Ask for a version and make its film; its number."""
        number = await self.ask_render()
        await self.make_films()
        return number

    async def publish(self, version: int, *, by: str = "anna") -> Response:
        return await self.there.post(f"/dreams/{self.dream}/publication", {"version": version}, by=by)

    async def published(self) -> int:
        """Make a version, its film, and publish it; its number."""
        number = await self.rendered()
        answer = await self.publish(number)
        assert answer.status_code == 200, answer.text
        return number

    async def render(self, number: int) -> dict[str, Any]:
        answer = await self.there.get(f"/dreams/{self.dream}/renders/{number}")
        assert answer.status_code == 200, answer.text
        render: dict[str, Any] = answer.json()
        return render

    async def board(self) -> dict[str, Any]:
        board: dict[str, Any] = (await self.there.get(f"/dreams/{self.dream}")).json()
        return board

    async def watch(self, number: int, file: str = "h264", *, by: str | None = None) -> Response:
        headers = login(by) if by else {}
        return await self.there.client.get(f"/dreams/{self.dream}/versions/{number}/{file}", headers=headers)

    async def bytes_of(self, number: int, file: str = "h264", *, by: str | None = None) -> bytes:
        """A file of a film, by way of its link."""
        link = await self.watch(number, file, by=by)
        assert link.status_code == 307, link.text
        answer = await self.there.client.get(link.headers["Location"].removeprefix("/v1"))
        assert answer.status_code == 200, answer.text
        return answer.content

    async def on_page(self) -> dict[str, Any]:
        """The dream vision on the initiative's page."""
        page = InitiativePage.model_validate(await self.there.page(self.initiative))
        assert page.dream is not None
        shown: dict[str, Any] = page.dream.model_dump(mode="json")
        return shown


async def in_co_creation(there: Initiatives, *, by: str = "anna") -> str:
    """An initiative that is supported and in co-creation; its id."""
    initiative = await there.propose(by=by)
    async with there.runtime.database.transaction() as tx:
        proposed = await locked(tx, UUID(initiative))
        await saved(tx, proposed, life.reach_threshold(proposed, proposed.threshold), there.now)
    answer = await there.post(f"/initiatives/{initiative}/co-creation", by=by)
    assert answer.status_code == 200, answer.text
    return initiative
