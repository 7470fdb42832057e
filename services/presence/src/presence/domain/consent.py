"""Consent: how much of what somebody told may be kept.

`none`: that something was told, and nothing else. `anonymous`: its words too. `named`: and whose.
"""

from enum import StrEnum
from uuid import UUID

from dorpsplein.errors import Refused


class Consent(StrEnum):
    """What the teller agreed to."""

    NONE = "none"
    ANONYMOUS = "anonymous"
    NAMED = "named"


def within_consent(consent: Consent, words: str | None, contributor_id: UUID | None) -> None:
    """Hold what was told to what its teller agreed to.

    Raises Refused("words-without-consent", "name-without-consent" or "contributor-missing").
    """
    if words is not None and consent is Consent.NONE:
        raise Refused("words-without-consent", "Without consent no words are kept: leave `words` out, or ask.")
    if contributor_id is not None and consent is not Consent.NAMED:
        raise Refused("name-without-consent", "`contributorId` may be kept only with consent `named`.")
    if contributor_id is None and consent is Consent.NAMED:
        raise Refused("contributor-missing", "Consent `named` needs `contributorId`; without one it is `anonymous`.")
