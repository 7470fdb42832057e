"""What answers about imports look like. Tests hold the answers to it."""

from uuid import UUID

from dorpsplein.fields import View


class ImportedInitiative(View):
    """An imported initiative; `created` is false when it was there already."""

    reference: str
    id: UUID
    created: bool


class ImportedInitiatives(View):
    """Imported initiatives in the order they were sent."""

    items: list[ImportedInitiative]


class ImportedSupports(View):
    """How many supports were given now, and how many were there already."""

    given: int
    already: int
