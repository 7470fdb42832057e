"""The three ways something can fail: a rule says no, something is away for a moment, a record is unusable."""

from typing import Any

RESERVED = frozenset({"type", "title", "status", "instance"})
"""What a problem document says itself (RFC 9457)."""


class Rejected(Exception):
    """Someone asked for what cannot be; nothing was changed. `code` is what a client can act on.

    `facts` go into the problem document beside it. Raises TypeError for a name that the document has itself.
    """

    status = 422

    def __init__(self, code: str, detail: str = "", **facts: Any) -> None:
        if taken := RESERVED & facts.keys():
            raise TypeError(f"{code}: a problem document says {', '.join(sorted(taken))} itself")
        super().__init__(code, detail, facts)
        self.code = code
        self.detail = detail
        self.facts = facts


class Refused(Rejected):
    """A rule of the domain says no."""


class Invalid(Rejected):
    """The request itself is malformed."""

    status = 400


class Unauthenticated(Rejected):
    """No token, or one that is not to be trusted."""

    status = 401


class Forbidden(Rejected):
    """This person may not do this, or not to this object."""

    status = 403


class NotFound(Rejected):
    """There is no such thing."""

    status = 404


class Conflict(Rejected):
    """It clashes with what is already there."""

    status = 409


class Gone(Rejected):
    """It was there, and can no longer be seen; the detail says why."""

    status = 410


class Stale(Rejected):
    """The thing has changed since the caller read it."""

    status = 412


class TooLarge(Rejected):
    """More is sent than is taken here."""

    status = 413


class NotTaken(Rejected):
    """What is sent is of a type that is not taken here."""

    status = 415


class PreconditionRequired(Rejected):
    """An edit must say which version it was based on."""

    status = 428


class Transient(Exception):
    """Something we depend on is away for a moment; the same request may work later."""


class Poison(Exception):
    """A record that can never be handled as it is; it belongs with the dead letters."""
