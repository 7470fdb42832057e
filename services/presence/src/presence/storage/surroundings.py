"""Which places and initiatives are there to refer to."""

from collections.abc import Iterable
from uuid import UUID

from dorpsplein.database import Transaction
from presence.domain.surroundings import Spot, Surroundings

SURROUNDINGS = """
    select id, case when closed_reason is null then 'place' else 'closed' end as what,
        latitude, longitude, neighbourhood
    from places where id = any($1::uuid[])
    union all
    select id, case when withdrawn or status = 'withdrawn' then 'withdrawn' else 'initiative' end, null, null, null
    from initiatives where id = any($2::uuid[]) and (withdrawn or title is not null)
"""


async def surroundings(
    tx: Transaction, place_ids: Iterable[UUID | None], initiative_ids: Iterable[UUID | None]
) -> Surroundings:
    """Which of these places and initiatives are there, and where; None among them is passed by."""
    places, initiatives = set(place_ids) - {None}, set(initiative_ids) - {None}
    if not places and not initiatives:
        return Surroundings()
    found: dict[str, set[UUID]] = {"place": set(), "closed": set(), "initiative": set(), "withdrawn": set()}
    spots: dict[UUID, Spot] = {}
    for row in await tx.fetch(SURROUNDINGS, list(places), list(initiatives)):
        found[row["what"]].add(row["id"])
        if row["latitude"] is not None:
            spots[row["id"]] = Spot(row["latitude"], row["longitude"], row["neighbourhood"])
    return Surroundings(found["place"], found["initiative"], found["withdrawn"], found["closed"], spots)
