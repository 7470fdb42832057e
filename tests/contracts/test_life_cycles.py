"""The life cycles in docs/initiatives.md and docs/presence.md are those of the code."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTED = ("initiatives", "presence")
"""Services whose life cycles are drawn, each in the document of its name."""

Arrow = tuple[str, str, str]


def diagrams(service: str) -> dict[str, str]:
    """The diagrams of a service by the table each stands for."""
    text = (ROOT / "docs" / f"{service}.md").read_text()
    return dict(re.findall(r"<!-- moves: ([\w.]+) -->\n```mermaid\nstateDiagram-v2\n(.*?)```", text, re.DOTALL))


DIAGRAMS = {table: drawing for service in DOCUMENTED for table, drawing in diagrams(service).items()}


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


@pytest.mark.parametrize("service", DOCUMENTED)
def test_every_life_cycle_of_the_code_is_drawn(service: str) -> None:
    domain = ROOT / "services" / service / "src" / service / "domain"
    tables = {
        ".".join((service, "domain", *path.relative_to(domain).with_suffix("").parts, name))
        for path in domain.rglob("*.py")
        for name in re.findall(r"^(\w*MOVES)\b", path.read_text(), re.MULTILINE)
    }
    assert tables == set(diagrams(service))


@pytest.mark.parametrize("table", DIAGRAMS)
def test_a_diagram_has_the_moves_of_its_table_and_no_other(table: str) -> None:
    assert drawn(DIAGRAMS[table]) == coded(table)
