"""An election as the snapshot that rules work on.

Points: 1 for each project that is named in approval and choose-1 ballots; as given in cumulative and scoring ballots,
times the smallest power of ten that makes all of them whole; in ordinal ballots the first of k places gets k points,
the last 1, with k the most a ballot may name (`max_length`), or else the most that one does. Withdrawn projects are
left out, in ballots too.
"""

from collections import Counter
from decimal import Decimal

from funding.domain.pabulib.election import Election, Vote
from funding.domain.rules.snapshots import Ballot, Candidate, Gift, Pool, RoundSnapshot

POT = "budget"
"""The pool of an election."""
CENTS_A_POINT = 100

Points = tuple[tuple[str, int], ...]


def snapshot(election: Election, *, gifts: bool = False) -> RoundSnapshot:
    """The election as a round: candidates in order of the file, like ballots together, one pool without conditions.

    With `gifts` each point above 0 is a gift of one unit of currency from its voter instead, for rules that look at
    gifts; a file with votes has none.
    """
    kept = [project for project in election.projects if not project.withdrawn]
    known = {project.id for project in kept}
    marked = [(vote.voter, tuple(pair for pair in points if pair[0] in known)) for vote, points in marks(election)]
    return RoundSnapshot(
        candidates=tuple(Candidate(project.id, project.cost_cents, theme=project.category) for project in kept),
        pools=(Pool(POT, election.budget_cents),),
        gifts=_gifts(marked) if gifts else (),
        ballots=()
        if gifts
        else tuple(Ballot(points, voters) for points, voters in Counter(points for _, points in marked).items()),
    )


def scale(election: Election) -> int:
    """What points are multiplied by so that all are whole: a power of ten."""
    exponents = [points.normalize().as_tuple().exponent for vote in election.votes for points in vote.points or ()]
    return int(10 ** max(0, *(-exponent for exponent in exponents if isinstance(exponent, int)), 0))


def marks(election: Election) -> list[tuple[Vote, Points]]:
    """Each vote with the points it gives, each project once, by project id."""
    times = scale(election)
    places = int(election.meta.get("max_length", "0") or 0) if election.vote_type == "ordinal" else 0
    places = max(places, *(len(set(vote.projects)) for vote in election.votes), 0)
    marked = []
    for vote in election.votes:
        if election.vote_type == "ordinal":
            named = {project: places - place for place, project in enumerate(dict.fromkeys(vote.projects))}
        elif vote.points is None:
            named = dict.fromkeys(vote.projects, 1)
        else:
            named = _summed(vote, times)
        marked.append((vote, tuple(sorted(named.items()))))
    return marked


def _summed(vote: Vote, times: int) -> dict[str, int]:
    """The points of a vote by project; the first counts where one stands in it twice."""
    points: dict[str, Decimal] = {}
    for project, given in zip(vote.projects, vote.points or (), strict=True):
        points.setdefault(project, given)
    return {project: int(given * times) for project, given in points.items() if given}


def _gifts(marked: list[tuple[str, Points]]) -> tuple[Gift, ...]:
    return tuple(
        Gift(f"{voter}/{project}", voter, project, CENTS_A_POINT * points)
        for voter, named in marked
        for project, points in named
        if points > 0
    )
