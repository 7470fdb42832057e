"""English for who does not read Dutch, written by people: by whose contribution it is, or by an initiator."""

from dataclasses import replace
from uuid import UUID

from dorpsplein.contracts.initiatives.dreams import SceneChanged
from dorpsplein.errors import Forbidden
from initiatives.domain.dreams.filling import part_of
from initiatives.domain.dreams.storyboard import Decided, Dream
from initiatives.domain.initiative import Initiative


def translate(dream: Dream, part_id: UUID, initiative: Initiative, person: UUID) -> Decided:
    """The English of a part is written, changed or taken away; what it says stands in no fact.

    Raises NotFound("part-unknown"), Forbidden("not-yours").
    """
    part = part_of(dream, part_id)
    if person not in (*initiative.initiators, part.contributor_id):
        raise Forbidden("not-yours", "Only an initiator says it in English, or whose contribution it is.")
    parts = tuple(replace(one, english=one.english + (one.id == part_id)) for one in dream.parts)
    changed = SceneChanged(**dream.about, scene_id=part.scene_id, changed=["english"])
    return replace(dream, parts=parts).told(changed)
