"""Editing what an initiative says, and the readable difference between its versions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from difflib import SequenceMatcher
from typing import Any
from uuid import UUID

from pydantic.alias_generators import to_camel

from dorpsplein.contracts.initiatives.initiatives import InitiativeEdited
from dorpsplein.envelope import Event
from dorpsplein.errors import Stale
from initiatives.domain.challenge import refuse_unanswered
from initiatives.domain.evolving import evolve
from initiatives.domain.initiative import Content, Initiative, only_initiators, public, refuse_ended, state_of

MOST_COMPARED = 4_000
"""Of texts with more words than this only the whole is shown, before and after."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text that was `kept`, `added` or `removed`."""

    kind: str
    text: str


def edit(initiative: Initiative, changes: Mapping[str, Any], *, person: UUID, version: int) -> list[Event]:
    """Change fields of the content; nothing happens when none differs.

    Raises Forbidden("not-yours"), Stale("initiative-changed") when `version` is not the newest, Refused of an ended
    initiative, and what `propose` raises for a challenge.
    """
    only_initiators(initiative, person)
    if version != initiative.version:
        raise Stale(
            "initiative-changed",
            "The initiative has changed since you read it; read it again and repeat your edit.",
            version=initiative.version,
        )
    refuse_ended(initiative.status)
    content = replace(initiative.content, **changes)
    refuse_unanswered(content.kind, content.answers)
    changed = [
        to_camel(field.name)
        for field in fields(Content)
        if getattr(content, field.name) != getattr(initiative.content, field.name)
    ]
    if not changed:
        return []
    edited = InitiativeEdited(initiative_id=initiative.id, changed=changed, edited_by=person, **public(content))
    return [edited, state_of(replace(evolve(initiative, edited), content=content))]


def difference(before: str, after: str) -> list[Piece]:
    """What changed from one text to another, word by word: joined, `kept` and `removed` are before, the others after.

    White space belongs to the word before it, so that no piece is empty.
    """
    old, new = _words(before), _words(after)
    if len(old) + len(new) > MOST_COMPARED:
        return [Piece(kind, text) for kind, text in (("removed", before), ("added", after)) if text]
    pieces: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("kept", "".join(old[a:b])))
            continue
        pieces += [
            Piece(sort, text) for sort, text in (("removed", "".join(old[a:b])), ("added", "".join(new[c:d]))) if text
        ]
    return pieces


def _words(text: str) -> list[str]:
    return re.findall(r"\S+\s*|\s+", text)
