"""What searching answers. Tests hold the answers to it."""

from dorpsplein.fields import View
from initiatives.api.views.initiatives import Initiative


class Facets(View):
    """How many initiatives are found, by each value of status, theme and kind; those that come most first."""

    status: dict[str, int]
    theme: dict[str, int]
    kind: dict[str, int]


class Because(View):
    """Why an initiative is called alike; what is null or empty added nothing.

    `words` stand in both, in some form. `title` says how like the titles are by their letters, from 0 to 1.
    """

    words: list[str]
    title: float | None
    distance_meters: int | None
    same_theme: bool


class Similar(View):
    """An initiative that is like another; `score` is a sum from 0 to 1 of what `because` says."""

    initiative: Initiative
    score: float
    because: Because


class SimilarList(View):
    """The initiatives that are most alike, the most alike first."""

    items: list[Similar]
