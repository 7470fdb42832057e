"""A stateful machine: rounds, pledges (also many at once), withdrawals and goals against a model of the money.

It runs the service's own commands on a real database. After every step each pledge, pot, cap and account must be
what `tests/funding/money.py` adds up by itself. A failure is shown as it was found: to shrink it takes minutes.
"""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from fractions import Fraction
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.conftest import MakeDatabase
from tests.funding.conftest import NOON, Funding, at_once
from tests.funding.money import Money, Pot, Terms
from tests.support import person, running

from dorpsplein.contracts.initiatives import InitiativeEdited, InitiativeWithdrawn
from dorpsplein.errors import Refused
from dorpsplein.identity import Caller, Role
from funding import commands, storage
from funding.app import SERVICE
from funding.commands.pledges import Pledging, Withdrawing
from funding.domain import rules
from funding.domain.pledges import MakePledge
from funding.domain.rounds import AddPotLine, Fund, Round

T = TypeVar("T")
DONORS = ["anna", "bea", "cas"]
COFINANCIER = Caller(person("chris"), frozenset({Role.COFINANCIER}), "")

donors = st.sampled_from(DONORS)
cents = st.integers(1, 9_999)
places = st.integers(0, 99)
asked = st.tuples(donors, places, st.none() | places, cents)


class Village(RuleBasedStateMachine):
    """What the service does, and beside it what the model says it should have done."""

    runner: ClassVar[asyncio.Runner]
    funding: ClassVar[Funding]

    def __init__(self) -> None:
        super().__init__()
        self.money = Money()
        self.versions: dict[UUID, int] = {}

    def run(self, act: Awaitable[T]) -> T:
        async def acting() -> T:
            return await act

        return self.runner.run(acting())

    def command(self, act: Any) -> Any:
        async def acting() -> Any:
            async with self.funding.runtime.database.transaction() as tx:
                return await act(tx)

        return self.runner.run(acting())

    @initialize()
    def a_fund(self) -> None:
        self.fund = Fund(uuid4(), "Dorpsfonds", uuid4(), NOON)
        self.command(lambda tx: commands.rounds.open_fund(tx, self.fund))

    @precondition(lambda self: len(self.money.needed) < 4)
    @rule(needed=st.sampled_from([0, 0, 5_000, 20_000]))
    def an_initiative_is_proposed(self, needed: int) -> None:
        initiative = UUID(self.run(self.funding.initiative(needed)))
        self.money.needed[initiative] = needed
        self.versions[initiative] = 1

    @precondition(lambda self: len(self.money.pots) < 3)
    @rule(
        numerator=st.integers(1, 4),
        denominator=st.integers(1, 4),
        caps=st.tuples(*[st.integers(1, 12_000)] * 3),
        puts=st.lists(st.integers(1, 9_000), max_size=3),
    )
    def a_round_opens(self, numerator: int, denominator: int, caps: tuple[int, int, int], puts: list[int]) -> None:
        ratio = rules.Ratio(numerator, denominator, *caps)
        round_id = uuid4()
        opened = Round(
            round_id, self.fund.id, ratio, rules.version(ratio), COFINANCIER.id, NOON, NOON + timedelta(days=1)
        )
        self.command(lambda tx: commands.rounds.open_round(tx, opened))
        self.money.pots[round_id] = Pot(Terms(Fraction(numerator, denominator), *caps))
        for put in puts:
            self.a_pot_line_is_added(list(self.money.pots).index(round_id), put)

    @precondition(lambda self: self.money.pots)
    @rule(place=places, put=st.integers(1, 9_000))
    def a_pot_line_is_added(self, place: int, put: int) -> None:
        round_id = pick(self.money.pots, place)
        line = AddPotLine(uuid4(), "gemeente", put)
        try:
            self.command(lambda tx: commands.rounds.add_pot_line(tx, round_id, line, COFINANCIER, NOON))
        except Refused:
            assert not self.money.pots[round_id].open
        else:
            self.money.pots[round_id].lines[line.id] = put

    @precondition(lambda self: self.money.pots)
    @rule(place=places)
    def a_round_closes(self, place: int) -> None:
        round_id = pick(self.money.pots, place)
        self.command(lambda tx: commands.rounds.close_round(tx, round_id, COFINANCIER))
        self.money.pots[round_id].open = False

    @precondition(lambda self: self.money.needed)
    @rule(crowd=st.lists(asked, min_size=1, max_size=6))
    def people_pledge_at_once(self, crowd: list[tuple[str, int, int | None, int]]) -> None:
        acts = []
        for donor, place, round_place, amount in crowd:
            round_id = pick(self.money.pots, round_place) if round_place is not None and self.money.pots else None
            acts.append(MakePledge(uuid4(), person(donor), pick(self.money.needed, place), round_id, amount, NOON))
        grouped = self.funding.runtime.database.grouped
        answers = self.run(at_once(*(caught(grouped(commands.pledges.make_pledges, Pledging(act))) for act in acts)))
        for act, (donor, *_), answer in zip(acts, crowd, answers, strict=True):
            if self.money.refuses(act.initiative, act.round):
                assert isinstance(answer, Refused)
                continue
            promise = self.money.promise(act.id, donor, act.initiative, act.round, act.cents)
            assert answer[0].matched == sum(promise.followed.values())

    @precondition(lambda self: self.money.promises)
    @rule(chosen=st.lists(places, min_size=1, max_size=4))
    def people_withdraw_at_once(self, chosen: list[int]) -> None:
        ids = [pick(self.money.promises, place) for place in chosen]
        grouped = self.funding.runtime.database.grouped
        acts = [Withdrawing(pledge, person(self.money.promises[pledge].donor), NOON) for pledge in ids]
        answers = self.run(at_once(*(caught(grouped(commands.pledges.withdraw_pledges, act)) for act in acts)))
        for pledge, answer in zip(ids, answers, strict=True):
            promise = self.money.promises[pledge]
            assert isinstance(answer, Refused) == (promise.state == "committed")
            if promise.state == "held":
                promise.state = "withdrawn"

    @precondition(lambda self: self.money.needed)
    @rule(place=places, needed=st.integers(0, 20_000))
    def an_initiative_needs_something_else(self, place: int, needed: int) -> None:
        initiative = pick(self.money.needed, place)
        if initiative in self.money.gone:
            return
        self.versions[initiative] += 1
        edit = InitiativeEdited(initiative_id=initiative, changed=[], theme="sport", means_needed_cents=needed)
        self.run(self.funding.hear((edit, self.versions[initiative])))
        self.money.needed[initiative] = needed
        self.money.settle(initiative)

    @precondition(lambda self: len(self.money.gone) < len(self.money.needed) - 1)
    @rule(place=places)
    def an_initiative_is_withdrawn(self, place: int) -> None:
        initiative = pick(self.money.needed, place)
        if initiative in self.money.gone:
            return
        self.versions[initiative] += 1
        left = InitiativeWithdrawn(initiative_id=initiative, reason="no-time")
        self.run(self.funding.hear((left, self.versions[initiative])))
        self.money.gone.add(initiative)
        for promise in self.money.promises.values():
            if promise.initiative == initiative and promise.state == "held":
                promise.state = "withdrawn"

    @invariant()
    def every_pledge_stands_as_the_model_says(self) -> None:
        stored = self.command(lambda tx: storage.pledges.pledges_of(tx, list(self.money.promises)))
        assert {pledge.id: shape(pledge) for pledge in stored} == {
            pledge: (promise.cents, promise.followed, promise.state) for pledge, promise in self.money.promises.items()
        }

    @invariant()
    def every_pot_has_left_what_the_model_says(self) -> None:
        for round_id in self.money.pots:
            stored = self.command(lambda tx, round_id=round_id: storage.rounds.round_(tx, round_id))
            assert {line.id: line.left for line in stored.lines} == self.money.left(round_id)

    @invariant()
    def every_initiative_has_the_means_the_model_says(self) -> None:
        for initiative in self.money.needed:
            means = self.run(self.funding.means(str(initiative)))
            told = (means["pledgedCents"], means["matchedCents"], means["reachedAt"] is not None)
            money = self.money
            assert told == (money.pledged(initiative), money.matched(initiative), initiative in money.reached)

    @invariant()
    def the_ledger_is_in_balance_and_its_accounts_are_what_the_model_says(self) -> None:
        assert self.run(self.funding.audit())["balanced"]
        names = [name for name in self.money.accounts() if name.startswith(("escrow:", "pot:"))]
        rows = self.run(self.funding.rows(BALANCES, names))
        assert {name: (pending, posted) for name, pending, posted in rows} == {
            name: self.money.accounts()[name] for name in names
        }


BALANCES = """
    select account, (credits_pending - debits_pending)::bigint, (credits_posted - debits_posted)::bigint
    from balances where account = any($1::text[])
"""


def pick(things: Any, place: int) -> Any:
    """One of the things there are."""
    return list(things)[place % len(things)]


def shape(pledge: Any) -> tuple[int, dict[UUID, int], str]:
    followed = dict(pledge.match.allocation.by) if pledge.match else {}
    return pledge.cents, followed, pledge.status


async def caught(act: Awaitable[T]) -> T | Refused:
    """What comes of it, a refusal too."""
    try:
        return await act
    except Refused as no:
        return no


def test_the_money_is_where_the_model_says_whatever_people_do(make_database: MakeDatabase):
    urls = make_database("funding")
    with asyncio.Runner() as runner:

        async def opened() -> Any:
            context = running(SERVICE, urls)
            return context, await context.__aenter__()

        context, there = runner.run(opened())
        Village.runner, Village.funding = runner, Funding(there.runtime, there.client)
        try:
            run_state_machine_as_test(
                Village,
                settings=settings(
                    max_examples=25,
                    stateful_step_count=15,
                    phases=[Phase.generate],
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                    derandomize=True,
                ),
            )
        finally:
            runner.run(context.__aexit__(None, None, None))
