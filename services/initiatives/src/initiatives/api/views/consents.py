"""What answers about consents look like. Tests hold the answers to it."""

from datetime import datetime
from uuid import UUID

from dorpsplein.fields import View
from initiatives.domain.consents import Status, Use


class Titled(View):
    """An initiative by its title."""

    id: UUID
    title: str | None


class Consent(View):
    """An answer: to which use of which version of what, and what it is now."""

    id: UUID
    version: int
    subject_kind: str
    subject_id: UUID
    subject_version: int
    use: Use
    status: Status


class AskedConsent(Consent):
    """What somebody is asked; `preview` is where they can see what it is about, None where it is not shown apart."""

    initiative: Titled
    asked_at: datetime
    changed_at: datetime
    preview: str | None


class ConsentList(View):
    """A page of consents; `next` is the cursor of the one after it."""

    items: list[AskedConsent]
    next: str | None
