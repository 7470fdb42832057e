"""An election as a file: what is kept of it, and what it is counted on."""

import hashlib
from datetime import datetime
from uuid import UUID

from funding.domain import pabulib
from funding.domain.elections import Election, Project, election_id
from funding.domain.inputs import document_of, root_of


def read(raw: bytes, name: str, by: UUID, at: datetime) -> tuple[Election, str]:
    """The election in a Pabulib file called `name`, and the canonical JSON it is counted on.

    Raises pabulib.MalformedFile with every fault found.
    """
    parsed = pabulib.parse(raw, name)
    snapshot = pabulib.snapshot(parsed)
    names = {project.id: project.name for project in parsed.projects}
    document = document_of(snapshot)
    digest = hashlib.sha256(raw).hexdigest()
    election = Election(
        id=election_id(digest),
        digest=digest,
        description=parsed.meta.get("description", ""),
        unit=parsed.meta.get("unit", ""),
        instance=parsed.meta.get("instance", ""),
        vote_type=parsed.vote_type,
        currency=parsed.meta.get("currency", ""),
        budget=snapshot.budget,
        voters=len(parsed.votes),
        candidates=tuple(
            Project(one.id, names[one.id], one.cost, one.theme, one.neighbourhood) for one in snapshot.candidates
        ),
        input_root=root_of(document),
        loaded_by=by,
        loaded_at=at,
    )
    return election, document
