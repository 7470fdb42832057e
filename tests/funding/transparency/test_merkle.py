"""The Merkle tree: against the published vectors, and against a second implementation."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.funding.transparency import naive

from dorpsplein import merkle

leaves_of = st.lists(st.binary(max_size=40), min_size=1, max_size=70, unique=True)


@pytest.fixture(scope="session")
def vectors(shared_data: Path) -> Any:
    """Published vectors: tree heads, inclusion and consistency proofs, valid and to be refused."""
    return json.loads((shared_data / "expected" / "rfc6962_vectors.json").read_text())


def path_of(vector: Any) -> list[bytes]:
    return [b64decode(one) for one in vector["proof"] or []]


def test_the_roots_of_the_published_leaves_are_the_published_ones(vectors: Any):
    leaves = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in vectors["leaf_inputs_hex"]]
    roots = [merkle.root(leaves[:size]).hex() for size in range(len(leaves) + 1)]
    assert len(roots) == 9
    assert roots == vectors["root_hashes_hex_by_size"]


def test_every_published_inclusion_proof_is_accepted_or_refused_as_published(vectors: Any):
    wrong = [
        name
        for name, one in vectors["inclusion"].items()
        if merkle.verify_inclusion(
            b64decode(one["leafHash"]), one["leafIdx"], one["treeSize"], path_of(one), b64decode(one["root"])
        )
        is bool(one["wantErr"])
    ]
    assert len(vectors["inclusion"]) == 98
    assert wrong == []


def test_every_published_consistency_proof_is_accepted_or_refused_as_published(vectors: Any):
    wrong = [
        name
        for name, one in vectors["consistency"].items()
        if merkle.verify_consistency(
            one["size1"], one["size2"], b64decode(one["root1"]), b64decode(one["root2"]), path_of(one)
        )
        is bool(one["wantErr"])
    ]
    assert len(vectors["consistency"]) == 98
    assert wrong == []


def hashes_of(leaves: list[bytes]) -> dict[merkle.Node, bytes]:
    """Every complete subtree, each worked out from its leaves anew."""
    return {
        (level, index): naive.tree_hash(leaves[index << level : (index + 1) << level])
        for level in range(len(leaves).bit_length())
        for index in range(len(leaves) >> level)
    }


@given(leaves_of, st.data())
def test_a_tree_that_grows_in_parts_is_the_tree_of_all_its_leaves(leaves: list[bytes], data: st.DataObject):
    size, edge = 0, tuple[bytes, ...]()
    kept: dict[merkle.Node, bytes] = {}
    while size < len(leaves):
        part = leaves[size : size + data.draw(st.integers(1, len(leaves)))]
        growth = merkle.grow(size, edge, [merkle.leaf_hash(leaf) for leaf in part])
        size, edge = size + len(part), growth.edge
        assert not kept.keys() & dict(growth.nodes).keys()
        kept.update(growth.nodes)
        assert growth.root == naive.tree_hash(leaves[:size])
    assert kept == {node: value for node, value in hashes_of(leaves).items() if node[0] > 0}
    assert len(edge) == len(merkle.subtrees((0, size))) == size.bit_count()


@given(leaves_of, st.data())
def test_inclusion_proofs_are_those_of_the_definition_and_hold_for_nothing_else(
    leaves: list[bytes], data: st.DataObject
):
    size = len(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = merkle.proof(merkle.inclusion_ranges(index, size), hashes_of(leaves))
    assert path == naive.audit_path(index, leaves)
    leaf, root = merkle.leaf_hash(leaves[index]), naive.tree_hash(leaves)
    assert merkle.verify_inclusion(leaf, index, size, path, root)
    other = data.draw(st.integers(-2, size + 2).filter(lambda place: place != index))
    assert not merkle.verify_inclusion(leaf, other, size, path, root)
    assert not merkle.verify_inclusion(leaf, index, size, [*path, root], root)
    assert not merkle.verify_inclusion(leaf, index, size, [root, *path], root)
    assert not merkle.verify_inclusion(merkle.leaf_hash(leaves[index] + b"!"), index, size, path, root)
    assert not merkle.verify_inclusion(leaf, index, size, path, merkle.leaf_hash(root))
    for place in range(len(path)):
        assert not merkle.verify_inclusion(leaf, index, size, [*path[:place], *path[place + 1 :]], root)


@given(leaves_of, st.data())
def test_consistency_proofs_are_those_of_the_definition_and_hold_for_nothing_else(
    leaves: list[bytes], data: st.DataObject
):
    new = len(leaves)
    old = data.draw(st.integers(1, new))
    path = merkle.proof(merkle.consistency_ranges(old, new), hashes_of(leaves))
    assert path == naive.consistency(old, leaves)
    before, after = naive.tree_hash(leaves[:old]), naive.tree_hash(leaves)
    assert merkle.verify_consistency(old, new, before, after, path)
    forged = merkle.leaf_hash(b"forged")
    assert not merkle.verify_consistency(old, new, forged, after, path)
    assert not merkle.verify_consistency(old, new, before, forged, path)
    assert not merkle.verify_consistency(old, new, before, after, [*path, forged])
    assert not merkle.verify_consistency(new + 1, new, before, after, path)
    assert not merkle.verify_consistency(0, new, before, after, path)
    for place in range(len(path)):
        assert not merkle.verify_consistency(old, new, before, after, [*path[:place], *path[place + 1 :]])
        assert not merkle.verify_consistency(old, new, before, after, [*path[:place], forged, *path[place + 1 :]])


@given(st.integers(1, 2**62), st.data())
def test_a_proof_is_short_in_a_tree_of_any_size(size: int, data: st.DataObject):
    index = data.draw(st.integers(0, size - 1))
    for ranges in (merkle.inclusion_ranges(index, size), merkle.consistency_ranges(index + 1, size)):
        assert len(ranges) <= size.bit_length() + 1
        assert sum(len(merkle.subtrees(leaves)) for leaves in ranges) <= 2 * size.bit_length()


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int, size: int):
    with pytest.raises(ValueError, match=f"no leaf {index} in a tree of {size}"):
        merkle.inclusion_ranges(index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (-1, 3)])
def test_no_tree_goes_on_from_a_larger_or_an_empty_one(old: int, new: int):
    with pytest.raises(ValueError, match="does not go on from"):
        merkle.consistency_ranges(old, new)
