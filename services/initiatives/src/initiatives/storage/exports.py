"""Initiatives as open data. What people wrote to be read is in it; whose it is, is not."""

from typing import Any

from dorpsplein.exports import Export
from initiatives.storage.search import INITIATIVES, Conditions, Search

COLUMNS = {
    "id": "initiative",
    "kind": "initiative or challenge",
    "status": "how far it is",
    "title": "what it is called",
    "summary": "what it is about",
    "theme": "code of its theme",
    "neighbourhood": "code of its neighbourhood",
    "latitude": "of its place (WGS 84)",
    "longitude": "of its place (WGS 84)",
    "supports": "how many support it",
    "threshold": "from how many supports on it counts as supported",
    "supportClosed": "whether support is closed",
    "neededCents": "what it needs in cents; 0 while that is unknown",
    "pledgedCents": "what is pledged, in cents",
    "matchedCents": "what was matched, in cents",
    "promised": "other means by resource, as JSON: what was promised and what came",
    "joinedInto": "the initiative it joined",
    "proposedAt": "when it was proposed (UTC)",
    "changedAt": "when it was last changed (UTC)",
}


def initiatives(search: Search) -> tuple[Export, list[Any]]:
    """The export of all that is found, in the order of ids, with the arguments of its query."""
    asked = Conditions(search, INITIATIVES)
    query = f"""
        select i.id, i.kind, i.status, i.title, i.summary, i.theme, i.neighbourhood, i.latitude, i.longitude,
            c.supports, i.threshold, i.support_closed, coalesce(m.board_cents, i.means_needed_cents)::bigint,
            coalesce(m.pledged_cents, 0)::bigint, coalesce(m.matched_cents, 0)::bigint,
            (
                select json_object_agg(r.resource, json_build_object('promised', r.quantity, 'delivered', r.delivered))
                from promised r where r.initiative_id = i.id and (r.quantity > 0 or r.delivered > 0)
            ),
            i.into_id, i.proposed_at, i.changed_at
        from initiatives i
        join support_counts c on c.initiative_id = i.id
        left join means m on m.initiative_id = i.id
        where {asked} order by i.id
    """  # noqa: S608 - pieces of ours
    return Export(COLUMNS, query), asked.arguments
