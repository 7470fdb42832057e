"""A response of the municipality: what it can help with, what it cannot and why. It decides nothing.

It stands beside the life of an initiative and is no move in it; it may be amended, and every version stays readable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from dorpsplein.contracts.initiatives.responses import (
    MunicipalResponseAmended,
    MunicipalResponseGiven,
    MunicipalResponseState,
)
from dorpsplein.envelope import Event
from dorpsplein.errors import Refused, Stale

MOST_VERSIONS = 200


@dataclass(frozen=True, slots=True)
class Words:
    """What a response says: what the municipality can help with; what it cannot, each with the reason why."""

    can_help: tuple[str, ...]
    cannot: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Response:
    """A response as its facts left it; `version` counts them. `responder_id` is who spoke last."""

    id: UUID
    version: int
    initiative_id: UUID
    responder_id: UUID
    words: Words


@dataclass(frozen=True, slots=True)
class Difference:
    """What a version says that the one before did not, and the other way round; a changed reason is both."""

    can_help_added: tuple[str, ...]
    can_help_removed: tuple[str, ...]
    cannot_added: Mapping[str, str]
    cannot_removed: Mapping[str, str]


def give(
    words: Words, promises: int, *, response_id: UUID, initiative_id: UUID, responder: UUID
) -> tuple[Response, list[Event]]:
    """Answer an initiative. Raises Refused("nothing-said") without a word or promise."""
    if not words.can_help and not words.cannot and not promises:
        raise Refused("nothing-said", "Say what the municipality can help with, what it cannot, or what it promises.")
    response = Response(response_id, 1, initiative_id, responder, words)
    given = MunicipalResponseGiven(
        response_id=response_id,
        initiative_id=initiative_id,
        responder_id=responder,
        can_help=len(words.can_help),
        cannot=len(words.cannot),
        promises=promises,
    )
    return response, [given, state_of(response)]


def amend(
    response: Response, words: Words, promises: int, *, responder: UUID, version: int
) -> tuple[Response, list[Event]]:
    """Say something else from now on, or promise more; nothing happens when nothing differs.

    Raises Stale("response-changed") when `version` is not the newest, and Refused("too-many-versions").
    """
    if version != response.version:
        raise Stale(
            "response-changed",
            "The response has changed since you read it; read it again and repeat what you changed.",
            version=response.version,
        )
    if words == response.words and not promises:
        return response, []
    if response.version >= MOST_VERSIONS:
        raise Refused("too-many-versions", f"A response has {MOST_VERSIONS} versions at most; give a new one.")
    after = replace(response, version=response.version + 1, words=words, responder_id=responder)
    amended = MunicipalResponseAmended(
        response_id=response.id,
        initiative_id=response.initiative_id,
        responder_id=responder,
        can_help=len(words.can_help),
        cannot=len(words.cannot),
        promises=promises,
    )
    return after, [amended, state_of(after)]


def differences(versions: Sequence[Words]) -> list[Difference]:
    """Of each version, oldest first, how it differs from the one before; the first differs from nothing."""
    before = [Words((), {}), *versions]
    return [_difference(old, new) for old, new in zip(before, versions, strict=False)]


def state_of(response: Response) -> MunicipalResponseState:
    """The public state of a response as it is."""
    return MunicipalResponseState(
        response_id=response.id,
        initiative_id=response.initiative_id,
        responder_id=response.responder_id,
        can_help=list(response.words.can_help),
        cannot=dict(response.words.cannot),
    )


def _difference(old: Words, new: Words) -> Difference:
    return Difference(
        tuple(one for one in new.can_help if one not in old.can_help),
        tuple(one for one in old.can_help if one not in new.can_help),
        {what: why for what, why in new.cannot.items() if old.cannot.get(what) != why},
        {what: why for what, why in old.cannot.items() if new.cannot.get(what) != why},
    )
