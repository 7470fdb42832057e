"""What tests of moderation and responses share: acting in a role, and reporting."""

import json
from typing import Any
from uuid import UUID

from httpx import Response
from tests.initiatives.conftest import Initiatives
from tests.support import login

from dorpsplein.identity import Role

PANEL = dict.fromkeys(("petra", "piet", "paula"), Role.PANEL)
MUNICIPALITY = {"dora": Role.ALDERMAN, "dirk": Role.ALDERMAN, "bram": Role.ARRANGER}
ROLES = PANEL | MUNICIPALITY | {"otto": Role.OPERATOR}


async def act(
    initiatives: Initiatives, method: str, path: str, body: Any = None, *, by: str, **headers: str
) -> Response:
    """Ask something as somebody in their role; anyone else is a resident."""
    return await initiatives.client.request(
        method,
        path,
        content=None if body is None else json.dumps(body),
        headers=login(by, ROLES.get(by, Role.RESIDENT)) | {"Content-Type": "application/json"} | headers,
    )


async def done(initiatives: Initiatives, path: str, body: Any = None, *, by: str) -> dict[str, Any]:
    """Do something that is let through; the answer."""
    answer = await act(initiatives, "POST", path, body, by=by)
    assert answer.status_code < 300, answer.text
    document: dict[str, Any] = answer.json()
    return document


def about(subject: str | UUID, kind: str = "initiative", rule: str = "spam", **other: Any) -> dict[str, Any]:
    """The body of a report."""
    return {"subjectKind": kind, "subjectId": str(subject), "rule": rule, "words": "Dit is reclame."} | other


async def hidden(
    initiatives: Initiatives,
    subject: str | UUID,
    kind: str = "initiative",
    *,
    reporter: str = "boris",
    by: str = "petra",
    rule: str = "spam",
) -> str:
    """Report something and hide it; the id of the decision."""
    report = await done(initiatives, "/reports", about(subject, kind, rule), by=reporter)
    judgement = {"hide": True, "rule": rule, "reason": "Het is reclame."}
    decided = await done(initiatives, f"/reports/{report['id']}/decision", judgement, by=by)
    decision: str = decided["decisionId"]
    return decision


def refused(answer: Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of a refusal with this status and code."""
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    document: dict[str, Any] = answer.json()
    return document
