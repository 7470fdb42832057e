"""The inspiration council as tests speak of it: who is in it, a pond to visit, a clock that fires."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from httpx import Response
from tests.presence.conftest import NOON, Presence
from tests.support import login, person

from dorpsplein.contracts.presence.notices import NoticeGiven
from dorpsplein.envelope import Event
from dorpsplein.timers import fire_due
from presence.timers import HANDLERS


class Council:
    """Members, visits and promises over HTTP; `pond` is an initiative that ina and ivo carry."""

    def __init__(self, presence: Presence) -> None:
        self.presence = presence
        self.pond = uuid4()

    async def initiative(self, *initiators: str, status: str = "under-way", title: str = "Een vijver") -> UUID:
        """An initiative that this service has heard of."""
        initiative = uuid4()
        await self.presence.rows(
            "insert into initiatives (id, title, status, initiators, state_version) values ($1, $2, $3, $4, 1)",
            initiative,
            title,
            status,
            [person(one) for one in initiators],
        )
        return initiative

    async def ask(
        self, who: str, by: str, kind: str, start_d: float = -1, end_d: float = 400, **other: Any
    ) -> Response:
        """Ask somebody to join, for a term of days from noon."""
        term = {"termFrom": NOON + timedelta(days=start_d), "termUntil": NOON + timedelta(days=end_d)}
        body = {"personId": str(person(who)), "kind": kind, "themes": ["sport"]} | {
            name: moment.isoformat() for name, moment in term.items()
        }
        return await self.presence.post("/council-members", body | other, by=by)

    async def member(self, who: str, by: str = "otto", kind: str = "core", **term: float) -> str:
        """Somebody who was asked and said yes; their id as a member."""
        asked = await self.ask(who, by, kind, **term)
        assert asked.status_code == 201, asked.text
        member_id: str = asked.json()["id"]
        await self.done(f"/council-members/{member_id}/acceptance", by=who)
        return member_id

    async def done(self, path: str, body: Any = None, *, by: str) -> dict[str, Any]:
        """Something that is done once, under a key of its own; the answer."""
        answer = await self.presence.post(path, body, by=by, key=str(uuid4()))
        assert answer.status_code in {200, 201}, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def refused(self, path: str, body: Any = None, *, by: str) -> tuple[int, str]:
        """Something that is refused, and says nothing; the status and code."""
        before = await self.presence.rows("select count(*) from outbox")
        answer = await self.presence.post(path, body, by=by)
        assert answer.status_code >= 400, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert await self.presence.rows("select count(*) from outbox") == before
        return answer.status_code, answer.json()["code"]

    async def put(self, path: str, body: Any, *, by: str, version: int) -> Response:
        headers = login(by) | {"If-Match": f'"{version}"'}
        return await self.presence.client.put(path, json=body, headers=headers)

    async def invite(self, initiative: UUID | None = None, *, by: str = "ina", **other: Any) -> str:
        """Invite the council to the pond, or elsewhere; the visit."""
        body = {"initiativeId": str(initiative or self.pond), "invitation": "Kom kijken!"} | other
        visit_id: str = (await self.done("/visits", body, by=by))["id"]
        return visit_id

    async def accepted(self, *member_ids: str, by: str = "kees", start_h: float = 1, **other: Any) -> str:
        """A visit of two hours that members come to."""
        visit = await self.invite(**other)
        await self.done(f"/visits/{visit}/acceptance", plan(start_h, *member_ids), by=by)
        return visit

    async def visited(self, *member_ids: str, by: str = "kees") -> str:
        """A visit that took place just now."""
        visit = await self.accepted(*member_ids, by=by)
        self.presence.now += timedelta(hours=1)
        await self.done(f"/visits/{visit}/visited", {"memberIds": list(member_ids)}, by=by)
        return visit

    async def pass_by(self, **time: float) -> int:
        """Let time go by, and fire the timers that are due then; how many fired."""
        self.presence.now += timedelta(**time)
        return await fire_due(self.presence.runtime.database, HANDLERS, self.presence.now)

    async def told(self) -> list[tuple[type[Event], int, bool]]:
        """What was told of things since the last look, but for notices: event, version, whether it erases."""
        events = await self.presence.events()
        return [(event, version, body is None) for event, version, body in events if event is not NoticeGiven]

    async def notices(self) -> set[tuple[str, UUID]]:
        """Who was told what, since the outbox was emptied; each once."""
        given = [
            NoticeGiven.model_validate_json(body)
            for event, _, body in await self.presence.events()
            if event is NoticeGiven and body
        ]
        assert len({one.notice_id for one in given}) == len(given)
        return {(one.what, one.person_id) for one in given}

    async def forget(self) -> None:
        """Empty the outbox, as the relay does."""
        await self.presence.rows("delete from outbox")


def plan(start_h: float, *member_ids: str, **other: Any) -> dict[str, Any]:
    """The body that accepts a visit of two hours."""
    start = NOON + timedelta(hours=start_h)
    return {
        "startsAt": start.isoformat(),
        "endsAt": (start + timedelta(hours=2)).isoformat(),
        "memberIds": list(member_ids),
    } | other
