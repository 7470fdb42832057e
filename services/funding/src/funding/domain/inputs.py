"""What a count is made on, as text: the canonical JSON of a snapshot, and a snapshot read back from it."""

import hashlib
import json

from funding.domain.rules.snapshots import Ballot, Candidate, Gift, Pool, RoundSnapshot, canonical


def document_of(snapshot: RoundSnapshot) -> str:
    """A snapshot's canonical JSON."""
    return canonical(snapshot.document()).decode()


def root_of(document: str) -> str:
    """The root of an input: SHA-256, in hex, of its canonical JSON."""
    return hashlib.sha256(document.encode()).hexdigest()


def digest_of(document: str, rule_version: str) -> str:
    """What `RoundSnapshot.digest` gives, without reading the document."""
    return root_of(f'{{"ruleVersion":"{rule_version}","snapshot":{document}}}')


def snapshot_of(document: str) -> RoundSnapshot:
    """The snapshot with this canonical JSON. Raises KeyError or ValueError where it is not one."""
    read = json.loads(document)
    return RoundSnapshot(
        candidates=tuple(
            Candidate(one["id"], one["costCents"], one["theme"], one["neighbourhood"]) for one in read["candidates"]
        ),
        pools=tuple(
            Pool(
                one["id"],
                one["cents"],
                tuple(one["themes"]),
                tuple(one["neighbourhoods"]),
                one["mostPerCandidateCents"],
            )
            for one in read["pools"]
        ),
        gifts=tuple(Gift(one["id"], one["donor"], one["candidate"], one["cents"]) for one in read["gifts"]),
        ballots=tuple(
            Ballot(tuple((candidate, points) for candidate, points in one["points"]), one["voters"])
            for one in read["ballots"]
        ),
        floors=tuple((candidate, cents) for candidate, cents in read["floors"]),
    )
