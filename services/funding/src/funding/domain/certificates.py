"""The certificate of a count: one document from which anyone can make the same outcome again.

`rule`, `knobs`, `snapshot` and `draw` are all that a second implementation needs. `inputRoot` is the SHA-256 of the
canonical JSON (RFC 8785) of `snapshot`, `ruleVersion` that of {"knobs", "rule"}, `outcomeDigest` that of
{"inputRoot", "outcome": [[candidate id, cents], …], "ruleVersion"}, by id, without those that get nothing. The
outcome is left out until a witness has sent the digest of theirs.
"""

import json
from collections.abc import Sequence
from typing import Any

from funding.domain.counts import Count
from funding.domain.overrides import Override
from funding.domain.rules import Allocation

FORM = "dorpsplein-count-certificate/1"


def certificate(count: Count, beside: Sequence[Override], document: str) -> bytes:
    """The certificate as JSON; `document` is the canonical JSON of the snapshot, put in as it is."""
    head = {
        "form": FORM,
        "countId": str(count.id),
        "electionId": str(count.election) if count.election else None,
        "roundId": str(count.round) if count.round else None,
        "status": count.status,
        "startedAt": count.started_at.isoformat(),
        "startedBy": str(count.started_by) if count.started_by else None,
        "rule": count.rule,
        "knobs": dict(count.knobs),
        "ruleVersion": count.rule_version,
        "inputRoot": count.input_root,
        "inputDigest": count.input_digest,
        "ties": count.ties,
        "seedCommitment": count.seed_commitment,
        "seed": count.draw.seed if count.draw else None,
        "draw": count.draw.order if count.draw else None,
        "outcome": outcome(count),
        "outcomeDigest": count.outcome_digest if count.is_open else None,
        "countedAt": count.counted_at.isoformat() if count.counted_at else None,
        "witness": _witness(count),
        "overrides": [_override(one) for one in beside],
    }
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "snapshot": {document}}}'.encode()


def outcome(count: Count) -> list[dict[str, Any]] | None:
    """What each candidate gets, from which pools, and the reasons that add up to it; None while it is hidden."""
    if not count.is_open or count.lines is None:
        return None
    return [_line(candidate, line) for candidate, line in count.lines]


def _line(candidate: str, line: Allocation) -> dict[str, Any]:
    return {
        "candidateId": candidate,
        "amountCents": line.cents,
        "by": [{"poolId": pool, "amountCents": cents} for pool, cents in line.by],
        "reasons": [
            {"code": reason.code, "amountCents": reason.cents, "poolId": reason.pot_line} for reason in line.reasons
        ],
    }


def _witness(count: Count) -> dict[str, Any] | None:
    if count.witness is None:
        return None
    witness = count.witness
    return {"id": str(witness.id), "outcomeDigest": witness.digest, "at": witness.at.isoformat()}


def _override(one: Override) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "reason": one.reason,
        "changes": [{"candidateId": candidate, "amountCents": cents} for candidate, cents in one.changes],
        "madeBy": str(one.made_by),
        "at": one.at.isoformat(),
    }
