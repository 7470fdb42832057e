"""The people of a community who make a dream together, over HTTP through the gateway."""

import base64
import io
from dataclasses import dataclass, field
from typing import Any

import httpx
from PIL import Image
from tests.journeys.conftest import OpenSquare
from tests.journeys.waiting import eventually


@dataclass
class Community:
    """Residents by name, each with a client; `ids` is what they have made, `people` who they are."""

    square: OpenSquare
    ids: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    _clients: dict[str, httpx.Client] = field(default_factory=dict)

    def client(self, who: str) -> httpx.Client:
        if who not in self._clients:
            self._clients[who] = self.square.client(None if who == "anyone" else who)
        return self._clients[who]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def ask(
        self, who: str, method: str, path: str, body: Any = None, *, status: int = 200, service: str = "initiatives"
    ) -> Any:
        """What a service answers, with this status."""
        answer = self.client(who).request(method, f"/{service}/v1/{path.lstrip('/')}", json=body)
        assert answer.status_code == status, f"{who}: {method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    def post(self, who: str, path: str, body: Any = None, *, status: int = 201, service: str = "initiatives") -> Any:
        return self.ask(who, "POST", path, body, status=status, service=service)

    def get(self, path: str, who: str = "anyone", *, service: str = "initiatives") -> Any:
        return self.ask(who, "GET", path, service=service)

    def name(self, who: str) -> str:
        """Somebody says what they are called; their id."""
        self.people[who] = self.ask(who, "PUT", "/me/profile", {"name": who.capitalize()})["id"]
        return self.people[who]

    def page(self, initiative: str) -> dict[str, Any]:
        page: dict[str, Any] = self.get(f"/initiatives/{initiative}")
        return page

    def upload(self, who: str, content: bytes, description: str) -> str:
        """Upload in two pieces, as a phone that lost its signal in between would; the media's id when it is ready."""
        said = base64.b64encode(description.encode()).decode()
        tus = {"Tus-Resumable": "1.0.0"}
        begun = self.client(who).post(
            "/initiatives/v1/uploads",
            headers={**tus, "Upload-Length": str(len(content)), "Upload-Metadata": f"description {said}"},
        )
        assert begun.status_code == 201, begun.text
        media = begun.headers["Location"].rpartition("/")[2]
        for start, end in ((0, len(content) // 2), (len(content) // 2, len(content))):
            there = self.client(who).head(f"/initiatives/v1/uploads/{media}", headers=tus)
            assert there.headers["Upload-Offset"] == str(start)
            piece = {**tus, "Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream"}
            sent = self.client(who).patch(f"/initiatives/v1/uploads/{media}", headers=piece, content=content[start:end])
            assert sent.status_code == 204, sent.text
        eventually(
            lambda: self.client(who).get(f"/initiatives/v1/media/{media}").json(),
            lambda shown: shown.get("status") == "ready",
        )
        return str(media)

    def consent(self, who: str, subject: str, use: str, answer: str = "giving") -> None:
        """Answer a consent that is asked for a subject (or was, for every subject when empty)."""
        asked = self.get("/me/consents?limit=100", who)["items"]
        wanted = [one for one in asked if one["use"] == use and subject in {"", one["subjectId"]}]
        assert wanted, f"{who} is asked nothing for {use}: {asked}"
        for one in wanted:
            version = {"subjectVersion": one["subjectVersion"]} if answer == "giving" else None
            self.post(who, f"/consents/{one['id']}/{answer}", version, status=200)

    def hops(self, contribution: str) -> set[str]:
        """What came of a contribution, as kinds of things."""
        lineage = self.get(f"/contributions/{contribution}/lineage")
        return {hop["to"]["kind"] for hop in lineage["hops"]} | {hop["from"]["kind"] for hop in lineage["hops"]}


def picture() -> bytes:
    """A photo with a place in its EXIF, as phones make them."""
    image = Image.linear_gradient("L").resize((320, 240)).convert("RGB")
    exif = Image.Exif()
    exif[0x010F] = "A phone"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()
