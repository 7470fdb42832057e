"""JSON Schemas (2020-12) of every event, from the contracts: `python -m dorpsplein.schemas [--check]`.

They are committed under shared/schemas, are what `dataschema` of an event leads to, and never change in a way
that breaks whoever reads the event.
"""

import json
import sys
from pathlib import Path
from typing import Any

from dorpsplein import contracts
from dorpsplein.envelope import EVENTS, Event, Key, NotPersonal, Pseudonym, Published

FOLDER = Path(__file__).parents[2] / "schemas"
PERSONAL = {id(NotPersonal): "no", id(Pseudonym): "pseudonym", id(Published): "published"}
NOT_TYPES = ("default", "description", "x-personal", "x-key")


def schema_of(event: type[Event]) -> dict[str, Any]:
    """The schema of an event's data.

    Each property has `x-personal`: `no`, `pseudonym`, or `published` for words someone chose to publish; the
    one that is the subject has `x-key`. Raises TypeError for a field without exactly one mark.
    """
    schema = event.model_json_schema(by_alias=True)
    for name, field in event.model_fields.items():
        marks = [PERSONAL[id(mark)] for mark in field.metadata if id(mark) in PERSONAL]
        if len(marks) != 1:
            raise TypeError(f"{event.__name__}.{name} needs exactly one of NotPersonal, Pseudonym and Published")
        shown = schema["properties"][field.alias or name]
        del shown["title"]
        shown["x-personal"] = marks[0]
        if Key in field.metadata:
            shown["x-key"] = True
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{event.type}.json",
        **schema,
        "x-topic": event.topic,
    }


def rendered() -> dict[str, str]:
    """The text of every schema file, by name."""
    return {
        f"{kind}.json": json.dumps(schema_of(event), indent=2, ensure_ascii=False) + "\n"
        for kind, event in sorted(EVENTS.items())
        if event.__module__.startswith(f"{contracts.__name__}.")
    }


def drift(folder: Path = FOLDER) -> list[str]:
    """The names of files that are missing, out of date, or of no event any more."""
    wanted = rendered()
    there = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def write(folder: Path = FOLDER) -> list[str]:
    """Bring the folder up to date; returns the names of the files that changed."""
    changed = drift(folder)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = rendered()
    for name in changed:
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    return changed


def incompatibilities(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What in a new schema breaks readers of the old one, or keeps new readers from old events.

    Allowed is a new property that is not required, and another text in a description. Everything else is a
    breaking change and asks for a new version of the type.
    """
    before, after = old["properties"], new["properties"]
    faults = [f"{name} was removed" for name in before if name not in after]
    required = set(new.get("required", ())) - set(old.get("required", ()))
    faults += [f"{name} is newly required" for name in sorted(required)]
    for name in before.keys() & after.keys():
        was, now = _type_of(before[name]), _type_of(after[name])
        if was != now:
            faults.append(f"{name} was {was} and is {now}")
    return sorted(faults)


def _type_of(shown: dict[str, Any]) -> dict[str, Any]:
    """What a property may hold, without what is said about it."""
    return {name: value for name, value in shown.items() if name not in NOT_TYPES}


def main() -> None:
    """Write the schemas, or with `--check` exit with 1 and their names where they are out of date."""
    match sys.argv[1:]:
        case []:
            print("\n".join(f"wrote {name}" for name in write()) or "up to date")
        case ["--check"]:
            if changed := drift():
                sys.exit(f"out of date: {', '.join(changed)}; run `python -m dorpsplein.schemas` and commit")
        case _:
            sys.exit("usage: python -m dorpsplein.schemas [--check]")


if __name__ == "__main__":
    main()
