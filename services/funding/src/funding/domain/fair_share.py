"""Who got what, and who got nothing, by theme and by neighbourhood: the report that follows an outcome.

Shares are in hundredths of a percent, rounded down. How many people stand behind a group is not shown below five,
and where that hides one group alone, nor is it of the next smallest, so that it cannot be had by subtraction; while
any is hidden, neither is how many there are in all, nor any share of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from funding.domain.rules import Candidate, RoundSnapshot

LEAST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Group:
    """Candidates of one theme or neighbourhood (empty: it is not known), in numbers and cents.

    `people` are those who pledged to or voted for any of them; one may stand behind several groups.
    """

    name: str
    candidates: int
    without: int
    asked: int
    crowd: int
    given: int
    people: int | None
    share_of_given: int = 0
    share_of_people: int | None = None


@dataclass(frozen=True, slots=True)
class FairShare:
    """The report. `nothing` are the candidates that got nothing, by id."""

    given: int
    left: int
    people: int | None
    themes: tuple[Group, ...]
    neighbourhoods: tuple[Group, ...]
    nothing: tuple[str, ...]


def fair_share(snapshot: RoundSnapshot, given: Mapping[str, int]) -> FairShare:
    """The report of what candidates were given, in cents by id."""
    behind = _behind(snapshot)
    total = _people(behind, [candidate.id for candidate in snapshot.candidates])
    themes = _groups(snapshot, given, behind, lambda candidate: candidate.theme)
    neighbourhoods = _groups(snapshot, given, behind, lambda candidate: candidate.neighbourhood)
    shown = total if all(group.people is not None for group in (*themes, *neighbourhoods)) else None
    all_given = sum(given.values())
    return FairShare(
        given=all_given,
        left=snapshot.budget - all_given,
        people=shown,
        themes=_with_shares(themes, all_given, shown),
        neighbourhoods=_with_shares(neighbourhoods, all_given, shown),
        nothing=tuple(sorted(one.id for one in snapshot.candidates if not given.get(one.id))),
    )


Behind = Mapping[str, Mapping[str, int]]
"""Who stand behind each candidate: a donor, or a ballot by its place, and how many people that is."""


def _behind(snapshot: RoundSnapshot) -> Behind:
    behind: dict[str, dict[str, int]] = {candidate.id: {} for candidate in snapshot.candidates}
    for gift in snapshot.gifts:
        behind[gift.candidate][f"donor {gift.donor}"] = 1
    for place, ballot in enumerate(snapshot.ballots):
        for candidate, points in ballot.points:
            if points > 0 and candidate in behind:
                behind[candidate][f"ballot {place}"] = ballot.voters
    return behind


def _people(behind: Behind, candidates: Sequence[str]) -> int:
    together: dict[str, int] = {}
    for candidate in candidates:
        together |= behind[candidate]
    return sum(together.values())


def _groups(
    snapshot: RoundSnapshot, given: Mapping[str, int], behind: Behind, name_of: Callable[[Candidate], str]
) -> list[Group]:
    crowd = {candidate.id: 0 for candidate in snapshot.candidates}
    for gift in snapshot.gifts:
        crowd[gift.candidate] += gift.cents
    members: dict[str, list[Candidate]] = {}
    for candidate in snapshot.candidates:
        members.setdefault(name_of(candidate), []).append(candidate)
    groups = [
        Group(
            name=name,
            candidates=len(those),
            without=sum(1 for one in those if not given.get(one.id)),
            asked=sum(one.cost for one in those),
            crowd=sum(crowd[one.id] for one in those),
            given=sum(given.get(one.id, 0) for one in those),
            people=_people(behind, [one.id for one in those]),
        )
        for name, those in sorted(members.items())
    ]
    return _hidden(groups)


def _hidden(groups: Sequence[Group]) -> list[Group]:
    smallest = sorted(groups, key=lambda group: (group.people or 0, group.name))
    few = sum(1 for group in smallest if (group.people or 0) < LEAST_SHOWN)
    hidden = {group.name for group in smallest[: max(few, 2) if few else 0]}
    return [replace(group, people=None) if group.name in hidden else group for group in groups]


def _with_shares(groups: Sequence[Group], given: int, people: int | None) -> tuple[Group, ...]:
    return tuple(
        replace(
            group,
            share_of_given=group.given * 10_000 // given if given else 0,
            share_of_people=group.people * 10_000 // people if people and group.people is not None else None,
        )
        for group in groups
    )
