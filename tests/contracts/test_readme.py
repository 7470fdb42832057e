"""What the README says of events, commands and the example is so."""

import re
from pathlib import Path

import pytest

from dorpsplein.contracts import funding, initiatives, notifications, presence
from dorpsplein_local.cli import COMMANDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PUBLISHED = [event for module in (initiatives, funding, presence, notifications) for event in module.EVENTS]


def test_the_map_names_exactly_the_facts_that_are_published() -> None:
    drawn = set(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", " ".join(re.findall(r'-- "(.*?)" -->', README))))
    assert drawn == {event.__name__ for event in PUBLISHED if not event.topic.endswith(".state")}


def test_the_seven_lines_are_those_of_the_example() -> None:
    example = (ROOT / "examples" / "subscribe.py").read_text()
    shown = README.split("```python\n")[1].split("```")[0]
    lines = [line.strip() for line in shown.splitlines() if line.strip()]
    assert len(lines) <= 8
    assert [line for line in lines if line not in example] == []


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`\./dorpsplein ([a-z-]+)", README))))
def test_every_command_the_readme_names_is_there(name: str) -> None:
    assert name in COMMANDS


def test_every_link_leads_to_a_file_that_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert [link for link in links if not (ROOT / link.split("#")[0]).exists()] == []
