"""What answers about people look like. Tests hold the answers to it."""

from uuid import UUID

from dorpsplein.fields import View


class Person(View):
    """A person by pseudonym, with the name they chose, if they did."""

    id: UUID
    name: str | None


class People(View):
    """Those who chose a name, of the people asked for."""

    items: list[Person]
