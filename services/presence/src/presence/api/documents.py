"""Whole documents over HTTP (a calendar, a poster, a picture): fetched again only when they have changed."""

import hashlib
from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import Response

READ = ["GET", "HEAD"]


def document(request: Request, content: bytes, media_type: str, headers: Mapping[str, str]) -> Response:
    """The document; 304 without it for who has it already, and for HEAD what goes with it only."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    given = {**headers, "ETag": tag}
    if _has(request, tag):
        return Response(status_code=304, headers=given)
    if request.method == "HEAD":
        return Response(media_type=media_type, headers={**given, "Content-Length": str(len(content))})
    return Response(content, media_type=media_type, headers=given)


def _has(request: Request, tag: str) -> bool:
    """Whether If-None-Match names the tag, be it as a weak one (RFC 9110, 13.1.2)."""
    named = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    return tag in named or "*" in named
