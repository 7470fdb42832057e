"""The life cycles in docs/initiatives.md are those of the code."""

import importlib
import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[2] / "docs" / "initiatives.md").read_text()
DIAGRAMS = dict(re.findall(r"<!-- moves: ([\w.]+) -->\n```mermaid\nstateDiagram-v2\n(.*?)```", TEXT, re.DOTALL))
DOMAIN = Path(__file__).parents[2] / "services/initiatives/src/initiatives/domain"

Arrow = tuple[str, str, str]


def drawn(diagram: str) -> set[Arrow]:
    """The arrows of a diagram as (from, to, move). A group stands for its members, and as a target for `before`."""
    groups = {
        name: set(re.findall(r"\b([a-z_]+)\b(?= -->)|(?<=--> )\b([a-z_]+)\b", body))
        for name, body in re.findall(r'state ".*?" as (\w+) \{(.*?)\}', diagram, re.DOTALL)
    }
    members = {name: {one for pair in pairs for one in pair if one} for name, pairs in groups.items()}
    arrows = set()
    for source, target, move in re.findall(r"(\w+) --> (\w+): (.+)", diagram):
        for one in members.get(source, {source}):
            arrows.add((one.replace("_", "-"), "before" if target in members else target.replace("_", "-"), move))
    return arrows


def coded(table: str) -> set[Arrow]:
    module, _, name = table.rpartition(".")
    moves = getattr(importlib.import_module(module), name)
    return {(source, target or "before", move) for move, (sources, target) in moves.items() for source in sources}


def test_every_life_cycle_of_the_code_is_drawn() -> None:
    tables = {
        ".".join(("initiatives.domain", *path.relative_to(DOMAIN).with_suffix("").parts, name))
        for path in DOMAIN.rglob("*.py")
        for name in re.findall(r"^(\w*MOVES)\b", path.read_text(), re.MULTILINE)
    }
    assert tables == set(DIAGRAMS)


@pytest.mark.parametrize("table", DIAGRAMS)
def test_a_diagram_has_the_moves_of_its_table_and_no_other(table: str) -> None:
    assert drawn(DIAGRAMS[table]) == coded(table)
