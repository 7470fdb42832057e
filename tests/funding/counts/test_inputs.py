"""What counts are made on, as bytes that anyone can check."""

import hashlib
import json

from hypothesis import given
from hypothesis import strategies as some

from funding.domain.inputs import digest_of, document_of, root_of, snapshot_of
from funding.domain.rules import Ballot, Candidate, Gift, Pool, RoundSnapshot

words = some.text(max_size=5)
cents = some.integers(0, 2**53 - 1)
snapshots = some.builds(
    RoundSnapshot,
    candidates=some.lists(some.builds(Candidate, words, cents, words, words), max_size=3).map(tuple),
    pools=some.lists(
        some.builds(
            Pool,
            words,
            cents,
            some.lists(words, max_size=2).map(tuple),
            some.lists(words, max_size=2).map(tuple),
            some.none() | cents,
        ),
        max_size=2,
    ).map(tuple),
    gifts=some.lists(some.builds(Gift, words, words, words, cents), max_size=3).map(tuple),
    ballots=some.lists(
        some.builds(
            Ballot, some.lists(some.tuples(words, some.integers(-9, 9)), max_size=3).map(tuple), some.integers(1, 99)
        ),
        max_size=3,
    ).map(tuple),
    floors=some.lists(some.tuples(words, cents), max_size=2).map(tuple),
)


@given(snapshots)
def test_a_snapshot_comes_back_from_its_document_as_it_was(snapshot: RoundSnapshot):
    assert snapshot_of(document_of(snapshot)) == snapshot


@given(snapshots, some.text("0123456789abcdef", min_size=1))
def test_a_document_has_the_digest_of_its_snapshot(snapshot: RoundSnapshot, version: str):
    assert digest_of(document_of(snapshot), version) == snapshot.digest(version)


def test_the_root_is_the_sha256_of_sorted_json_without_spaces():
    document = document_of(RoundSnapshot((Candidate("é", 1),), (Pool("p", 2),)))
    plain = json.dumps(json.loads(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert document == plain
    assert root_of(document) == hashlib.sha256(plain.encode()).hexdigest()
