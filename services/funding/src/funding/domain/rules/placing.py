"""Placing amounts on pools that have conditions, so that together as much is placed as the conditions allow.

Each amount is first divided in proportion to what the pools that may give it have left. What does not fit then is
mended along augmenting paths (Ford and Fulkerson 1956, shortest first after Edmonds and Karp 1972): earlier amounts
move to other pools, never to less. So whoever comes first keeps what it has, and the total is the largest there is.
"""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from funding.domain.rules.allocation import Allocation, Reason, together
from funding.domain.rules.snapshots import Candidate, Pool
from funding.domain.rules.splitting import split


class Placement:
    """What each pool has left, and what it gives to whom, in cents."""

    def __init__(self, pools: Sequence[Pool]) -> None:
        self.pools = {pool.id: pool for pool in pools}
        self.left = {pool.id: pool.cents for pool in pools}
        self.by: dict[tuple[str, str], int] = {}
        self.conditional = any(
            pool.themes or pool.neighbourhoods or pool.most_per_candidate is not None for pool in pools
        )
        self._known: dict[str, Candidate] = {}
        self._told: dict[str, list[Reason]] = {}

    def place(self, candidate: Candidate, cents: int) -> int:
        """Place an amount on top of what is there; returns how much could be placed."""
        self._known[candidate.id] = candidate
        pot = [(pool, min(self.left[pool], self._room(candidate, pool))) for pool in self.pools]
        at_once = min(cents, sum(room for _, room in pot))
        shares = split(at_once, pot)
        self._told.setdefault(candidate.id, []).extend(shares)
        for share in shares:
            self._give(candidate.id, str(share.pot_line), share.cents)
        short = cents - at_once
        while short and (path := self._path(candidate)):
            short -= self._push(candidate, path, short)
        return cents - short

    def fits(self, candidate: Candidate, cents: int) -> bool:
        """Whether an amount can be placed whole."""
        if not self.conditional:
            return cents <= sum(self.left.values())
        return self.copy().place(candidate, cents) == cents

    def copy(self) -> "Placement":
        """The same again, to try things on."""
        other = Placement(tuple(self.pools.values()))
        other.left, other.by = dict(self.left), dict(self.by)
        other._known = dict(self._known)
        return other

    def allocation(self, candidate: str, reasons: Sequence[Reason]) -> Allocation:
        """What a candidate gets from which pool, with the reasons of both."""
        by = {pool: self.by.get((candidate, pool), 0) for pool in self.pools}
        told = together([Allocation(0, (), tuple(self._told.get(candidate, ())))]).reasons
        first = {pool: sum(reason.cents for reason in told if reason.pot_line == pool) for pool in self.pools}
        moved = [Reason("moved", by[pool] - first[pool], pool) for pool in by if by[pool] != first[pool]]
        given = tuple((pool, cents) for pool, cents in by.items() if cents)
        return Allocation(sum(by.values()), given, (*reasons, *told, *moved))

    def _most(self, candidate: Candidate, pool: str) -> int:
        """The most that a pool's conditions let it give to a candidate."""
        one = self.pools[pool]
        if not one.takes(candidate):
            return 0
        return one.cents if one.most_per_candidate is None else min(one.cents, one.most_per_candidate)

    def _room(self, candidate: Candidate, pool: str) -> int:
        """What a pool's conditions let it give to a candidate yet; what it has left itself does not count."""
        return self._most(candidate, pool) - self.by.get((candidate.id, pool), 0)

    def _give(self, candidate: str, pool: str, cents: int) -> None:
        self.by[candidate, pool] = self.by.get((candidate, pool), 0) + cents
        self.left[pool] -= cents

    def bottleneck(self, short: Sequence[str]) -> tuple[set[str], int]:
        """Who competes, directly or by others, with candidates that fell short, and all that they can get together."""
        across, full = set(short), set[str]()
        waiting = deque(short)
        while waiting:
            now = waiting.popleft()
            for pool in self.pools:
                if pool not in full and self._room(self._known[now], pool):
                    full.add(pool)
                    others = [one for one in self._known if one not in across and self.by.get((one, pool))]
                    across.update(others)
                    waiting.extend(others)
        room = sum(self.pools[pool].cents for pool in full)
        beside = [pool for pool in self.pools if pool not in full]
        return across, room + sum(self._most(self._known[one], pool) for one in across for pool in beside)

    def _path(self, start: Candidate) -> list[tuple[str, str]]:
        """The shortest row of (candidate, pool) along which each gives its place up to the one before it."""
        back: dict[str, tuple[str, str] | None] = {start.id: None}
        reached: set[str] = set()
        waiting = deque([start.id])
        while waiting:
            now = waiting.popleft()
            for pool in self.pools:
                if pool in reached or not self._room(self._known[now], pool):
                    continue
                reached.add(pool)
                if self.left[pool]:
                    return self._traced(back, (now, pool))
                for other in sorted(self._known):
                    if other not in back and self.by.get((other, pool)):
                        back[other] = (now, pool)
                        waiting.append(other)
        return []

    @staticmethod
    def _traced(back: dict[str, tuple[str, str] | None], last: tuple[str, str]) -> list[tuple[str, str]]:
        path = [last]
        while step := back[path[-1][0]]:
            path.append(step)
        return path[::-1]

    def _push(self, start: Candidate, path: Sequence[tuple[str, str]], most: int) -> int:
        """Move as much as goes along a path: each pool on it takes the next candidate's cents for this one's."""
        rooms = [self._room(self._known[candidate], pool) for candidate, pool in path]
        held = [self.by[following, pool] for (_, pool), (following, _) in pairwise(path)]
        cents = min(most, self.left[path[-1][1]], *rooms, *held)
        for place, (candidate, pool) in enumerate(path):
            self._give(candidate, pool, cents)
            if place + 1 < len(path):
                self._give(path[place + 1][0], pool, -cents)
        return cents
