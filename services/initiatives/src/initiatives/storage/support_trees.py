"""The trees over supports at the close, in rows of 256 hashes, so that a proof reads one row a level."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein import merkle
from dorpsplein.database import Transaction
from dorpsplein.merkle import HASH_BYTES, Node
from initiatives.domain.support_tree import Tree

IN_A_ROW = 256

SAVE = """
    with tree as (
        insert into support_trees (initiative_id, number, size, root, closed_at)
        select $1, coalesce(max(number), 0) + 1, $2, $3, $4 from support_trees where initiative_id = $1
        returning initiative_id, number
    )
    insert into support_nodes (initiative_id, number, level, part, first, hashes)
    select tree.initiative_id, tree.number, n.* from tree,
        unnest($5::smallint[], $6::int[], $7::bytea[], $8::bytea[]) as n(level, part, first, hashes)
"""
LAST = "select number, size, root, closed_at from support_trees where initiative_id = $1 order by number desc limit 1"
ROW_OF_LEAF = """
    select part, hashes from support_nodes
    where initiative_id = $1 and number = $2 and level = 0 and first <= $3 order by part desc limit 1
"""
ROWS = """
    select n.level, n.part, n.hashes from support_nodes n
    join unnest($3::smallint[], $4::int[]) as w(level, part) on w.level = n.level and w.part = n.part
    where n.initiative_id = $1 and n.number = $2
"""


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Where a leaf stands in the last tree of an initiative, and what proves it."""

    index: int
    size: int
    path: Sequence[bytes]
    root: bytes
    closed_at: datetime


async def save(tx: Transaction, initiative_id: UUID, tree: Tree, *, now: datetime) -> None:
    """Store one more tree of an initiative."""
    parts = list(_parts(tree))
    columns = zip(*parts, strict=True) if parts else ((), (), (), ())
    await tx.execute(SAVE, initiative_id, len(tree.leaves), tree.root, now, *map(list, columns))


def _parts(tree: Tree) -> Iterator[tuple[int, int, bytes, bytes]]:
    for level, hashes in enumerate((tree.leaves, *tree.levels[1:])):
        for start in range(0, len(hashes), IN_A_ROW):
            yield level, start // IN_A_ROW, hashes[start], b"".join(hashes[start : start + IN_A_ROW])


async def inclusion(tx: Transaction, initiative_id: UUID, leaf: bytes) -> Inclusion | None:
    """Where a leaf stands in the last tree of an initiative; None where there is no tree, or the leaf is not in it."""
    tree = await tx.fetchrow(LAST, initiative_id)
    row = tree and await tx.fetchrow(ROW_OF_LEAF, initiative_id, tree["number"], leaf)
    if tree is None or row is None:
        return None
    leaves = _split(row["hashes"])
    place = bisect_left(leaves, leaf)
    if place == len(leaves) or leaves[place] != leaf:
        return None
    index: int = row["part"] * IN_A_ROW + place
    ranges = merkle.inclusion_ranges(index, tree["size"])
    wanted = {node for one in ranges for node in merkle.subtrees(one)}
    hashes = await _hashes(tx, initiative_id, tree["number"], wanted)
    return Inclusion(index, tree["size"], merkle.proof(ranges, hashes), tree["root"], tree["closed_at"])


async def _hashes(tx: Transaction, initiative_id: UUID, number: int, wanted: set[Node]) -> dict[Node, bytes]:
    parts = sorted({(level, index // IN_A_ROW) for level, index in wanted})
    rows = await tx.fetch(ROWS, initiative_id, number, [level for level, _ in parts], [part for _, part in parts])
    found = {(row["level"], row["part"]): _split(row["hashes"]) for row in rows}
    hashes = {}
    for level, index in wanted:
        part, place = divmod(index, IN_A_ROW)
        one = found[level, part][place]
        hashes[level, index] = merkle.leaf_hash(one) if level == 0 else one
    return hashes


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES)]
