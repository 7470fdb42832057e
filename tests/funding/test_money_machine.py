"""A stateful machine: rounds, pledges of euros and hours, quotes, needs, deliveries and goals against a model of it.

It runs the service's own commands on a real database, and moves the clock with timers or without. After every step
each pledge, quote, pot line, cap and account must be what `tests/funding/money.py` adds up by itself, and the ledger
in balance. A failure is shown as it was found: to shrink it takes minutes. DORPSPLEIN_EXAMPLES sets how many runs
there are, one for every twenty of it.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from fractions import Fraction
from random import Random
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.conftest import MakeDatabase
from tests.funding.conftest import NOON, Funding, at_once
from tests.funding.money import EUROS, HOURS, Aim, Asked, Line, Money, Pot, Promise, Terms
from tests.support import person, running

from dorpsplein.contracts.initiatives.initiatives import InitiativeEdited, InitiativeWithdrawn
from dorpsplein.errors import Refused
from dorpsplein.identity import Caller, Role
from dorpsplein.timers import fire_due
from funding import commands, storage
from funding.app import SERVICE
from funding.commands.means import Deliver
from funding.commands.pledges import Pledging, Withdrawing
from funding.domain.funds import Fund
from funding.domain.means import Board, Need
from funding.domain.pledges import MakePledge
from funding.domain.quotes import AskQuote
from funding.domain.rounds import AddPotLine, OpenRound
from funding.timers import HANDLERS

T = TypeVar("T")
EXAMPLES = max(25, int(os.environ.get("DORPSPLEIN_EXAMPLES", "0")) // 20)
COFINANCIER = Caller(person("chris"), frozenset({Role.COFINANCIER}), "")
INITIATOR = Caller(person("ina"), frozenset({Role.RESIDENT}), "")
TIMERS = {kind: handler for kind, handler in HANDLERS.items() if kind != commands.rounds.ROUND_CLOSES}
"""Rounds close by the clock here, so that nothing is left to be fired of what was run before."""

Putting = tuple[int, str | None, int | None]
"""A pot line: cents, for which theme, and how much of it for one initiative."""
Needs = dict[str, tuple[int, int | None]]
MANY = 8
"""So many pledges there are before an initiative is withdrawn."""


def a_putting(luck: Random) -> Putting:
    return luck.randint(1, 9_000), luck.choice([None, "groen", "sport"]), luck.choice([None, luck.randint(1, 3_000)])


def a_board(luck: Random) -> Needs:
    """Always some work, so that it is welcome; often euros, sometimes no more than is wished."""
    board: Needs = {HOURS: (luck.choice([0, 60, 300]), None)}
    if luck.random() < 0.5:
        least = luck.randint(0, 9_000)
        board[EUROS] = least, luck.choice([None, least + luck.randint(1, 9_000)])
    return board


class Village(RuleBasedStateMachine):
    """What the service does, and beside it what the model says it should have done."""

    runner: ClassVar[asyncio.Runner]
    funding: ClassVar[Funding]

    def __init__(self) -> None:
        super().__init__()
        self.money = Money(NOON)
        self.funding.now = NOON
        self.donors = [uuid4() for _ in range(3)]
        self.versions: dict[UUID, int] = {}

    def run(self, act: Awaitable[T]) -> T:
        async def acting() -> T:
            return await act

        return self.runner.run(acting())

    async def in_one(self, act: Any) -> Any:
        async with self.funding.runtime.database.transaction() as tx:
            return await act(tx)

    def command(self, act: Any) -> Any:
        return self.runner.run(self.in_one(act))

    def asked(self, luck: Random, initiative: UUID | None = None) -> Asked:
        """Something that someone may promise."""
        round_id = luck.choice([None, *self.money.pots, *self.money.pots])
        kind, most = luck.choice([(EUROS, 9_999), (EUROS, 2_000), (HOURS, 300)])
        initiative = initiative or luck.choice(list(self.money.aims))
        return Asked(luck.choice(self.donors), initiative, round_id, kind, luck.randint(1, most))

    def one_of_promises(self, luck: Random, kind: str = "") -> UUID | None:
        """A pledge, three times of four one that is committed where there is one."""
        of = [key for key, one in self.money.promises.items() if not kind or one.asked.kind == kind]
        committed = [key for key in of if self.money.promises[key].state == "committed"]
        return luck.choice(committed if committed and luck.random() < 0.75 else of) if of else None

    def teardown(self) -> None:
        self.run(self.funding.rows("delete from timers where true returning 1"))

    @initialize(luck=st.randoms(use_true_random=True))
    def there_is_something_to_pledge_to(self, luck: Random) -> None:
        for _ in range(3):
            proposal, theme = luck.choice([0, 6_000, 20_000]), luck.choice(["groen", "sport"])
            initiative = UUID(self.run(self.funding.initiative(proposal, theme=theme)))
            self.money.aims[initiative] = Aim(proposal, theme)
            self.versions[initiative] = 1
            self.set_needs(initiative, a_board(luck), all_or_nothing=True, hours=luck.choice([None, 48]), days=1)
        for _ in range(2):
            self.a_round_opens(luck)

    @rule(luck=st.randoms(use_true_random=True))
    def something_happens(self, luck: Random) -> None:
        """One of the actions, each as often as its weight says: Hypothesis' own choice leaves most of them out."""
        [action] = luck.choices(list(ACTIONS), list(ACTIONS.values()))
        note(f"{self.money.now:%d %H:%M} {action.__name__}")
        action(self, luck)

    def a_round_opens(self, luck: Random) -> None:
        now = self.money.now
        fund, round_id, until = uuid4(), uuid4(), now + timedelta(hours=luck.randint(12, 90))
        numerator, denominator, an_hour = luck.randint(1, 4), luck.randint(1, 4), luck.choice([0, 1_000, 2_500])
        caps = luck.randint(500, 12_000), luck.randint(500, 12_000), luck.randint(500, 12_000)
        names = ("numerator", "denominator", "capPledgeCents", "capDonorCents", "capInitiativeCents")
        knobs = dict(zip(names, (numerator, denominator, *caps), strict=True))
        knobs |= {"valuationHourCents": an_hour, "quoteMinutes": 45, "valuationEvidence": 0}
        opened = Fund(fund, "Dorpsfonds", uuid4(), now)
        self.command(lambda tx: commands.rounds.open_fund(tx, opened, "ratio", knobs))
        asked = OpenRound(round_id, fund, until, None, COFINANCIER.id)
        self.command(lambda tx: commands.rounds.open_round(tx, asked, now))
        self.money.pots[round_id] = Pot(Terms(Fraction(numerator, denominator), *caps, an_hour, 45), until)
        for _ in range(luck.randint(1, 3)):
            self.add_pot_line(round_id, a_putting(luck))

    def a_round_changes(self, luck: Random) -> None:
        """A round gets a pot line, or another opens, or it closes where another is open."""
        round_id = luck.choice(list(self.money.pots))
        others = [pot for key, pot in self.money.pots.items() if key != round_id and not pot.closed]
        if luck.random() < 0.5:
            self.add_pot_line(round_id, a_putting(luck))
        elif len(self.money.pots) < 4:
            self.a_round_opens(luck)
        elif others:
            self.command(lambda tx: commands.closing.close_round(tx, round_id, COFINANCIER, self.money.now))
            self.money.pots[round_id].closed = True

    def add_pot_line(self, round_id: UUID, put: Putting) -> None:
        line = uuid4()
        cents, theme, most = put
        command = AddPotLine(line, f"of-{line}", cents, (theme,) if theme else (), (), most)
        pot, now = self.money.pots[round_id], self.money.now
        try:
            self.command(lambda tx: commands.rounds.add_pot_line(tx, round_id, command, COFINANCIER, now))
        except Refused:
            assert pot.closed or pot.until <= now
        else:
            assert not pot.closed
            assert now < pot.until
            pot.lines[line] = Line(cents, theme, most)

    def people_pledge_at_once(self, luck: Random) -> None:
        one = luck.choice([None, *self.money.aims])
        self.pledge([(self.asked(luck, one), None) for _ in range(luck.randint(1, 6))])

    def someone_pledges_what_is_missing(self, luck: Random) -> None:
        initiative, part = luck.choice(list(self.money.aims)), luck.randint(1, 5)
        for kind, (least, _) in self.money.needs(initiative).items():
            short = (least - self.money.pledged(initiative, kind)[0]) * part // 4
            if short > 0:
                self.pledge([(Asked(luck.choice(self.donors), initiative, None, kind, short), None)])

    def a_quote_is_used(self, luck: Random) -> None:
        """By one to three requests at once; sometimes by someone else or for more."""
        if not self.money.quotes:
            return
        quote = luck.choice(list(self.money.quotes))
        of = self.money.quotes[quote].asked
        donor, more = luck.choice([of.donor, of.donor, self.donors[0]]), luck.choice([0, 0, 0, 1])
        asked = Asked(donor, of.initiative, of.round, of.kind, of.amount + more)
        self.pledge([(asked, quote)] * luck.randint(1, 3))

    def pledge(self, wanted: Sequence[tuple[Asked, UUID | None]]) -> None:
        acts = [
            MakePledge(uuid4(), of.donor, of.initiative, of.round, of.kind, of.amount, self.money.now, quote=quote)
            for of, quote in wanted
        ]
        grouped = self.funding.runtime.database.grouped
        answers = self.run(at_once(*(caught(grouped(commands.pledges.make_pledges, Pledging(act))) for act in acts)))
        for act, (of, quote), answer in zip(acts, wanted, answers, strict=True):
            if objections := self.money.objections(of, quote):
                assert isinstance(answer, Refused), objections
                assert answer.code in objections
                continue
            self.money.promise(act.id, of, quote)
            assert not isinstance(answer, Refused), answer

    def people_ask_quotes_at_once(self, luck: Random) -> None:
        wanted = [of for _ in range(luck.randint(1, 4)) if (of := self.asked(luck)).round]
        acts = [
            AskQuote(uuid4(), of.donor, of.initiative, of.round, of.kind, of.amount, self.money.now)
            for of in wanted
            if of.round
        ]
        grouped = self.funding.runtime.database.grouped
        answers = self.run(at_once(*(caught(grouped(commands.pledges.ask_quotes, act)) for act in acts)))
        for act, of, answer in zip(acts, wanted, answers, strict=True):
            if objections := self.money.objections_to_asking(of):
                assert isinstance(answer, Refused), objections
                assert answer.code in objections
                continue
            self.money.reserve(act.id, of)
            assert not isinstance(answer, Refused), answer

    def a_quote_is_given_back(self, luck: Random) -> None:
        if not self.money.quotes:
            return
        quote = luck.choice(list(self.money.quotes))
        known = self.money.quotes[quote]
        back = commands.pledges.give_quote_back
        self.command(lambda tx: back(tx, quote, known.asked.donor, self.money.now))
        if known.state == "reserved":
            known.state = "released"

    def people_withdraw_at_once(self, luck: Random) -> None:
        known = list(self.money.promises)
        ids = [luck.choice(known) for _ in range(luck.randint(1, 3))] if known else []
        grouped = self.funding.runtime.database.grouped
        acts = [Withdrawing(one, self.money.promises[one].asked.donor, self.money.now) for one in ids]
        answers = self.run(at_once(*(caught(grouped(commands.pledges.withdraw_pledges, act)) for act in acts)))
        for pledge, answer in zip(ids, answers, strict=True):
            promise = self.money.promises[pledge]
            assert isinstance(answer, Refused) == (promise.state not in {"held", "withdrawn"})
            if promise.state == "held":
                promise.state = "withdrawn"

    def an_initiator_sets_needs(self, luck: Random) -> None:
        initiative = luck.choice(list(self.money.aims))
        all_or_nothing, hours = luck.random() < 0.5, luck.choice([None, luck.randint(2, 72)])
        self.set_needs(
            initiative, a_board(luck), all_or_nothing=all_or_nothing, hours=hours, days=luck.choice([0, 1, 1, 3])
        )

    def set_needs(self, initiative: UUID, needs: Needs, *, all_or_nothing: bool, hours: int | None, days: int) -> None:
        now, aim = self.money.now, self.money.aims[initiative]
        deadline = now + timedelta(hours=hours) if hours else None
        asked = Board(tuple(Need(kind, *part) for kind, part in sorted(needs.items())), all_or_nothing, deadline, days)
        late = aim.withdrawn or aim.reached or self.money.over(initiative)
        try:
            self.command(lambda tx: commands.means.set_needs(tx, initiative, asked, INITIATOR.id, now))
        except Refused:
            assert late
        else:
            assert not late
            aim.board, aim.all_or_nothing, aim.deadline, aim.days = needs, all_or_nothing, deadline, days
            self.money.settle(initiative)

    def an_initiative_is_edited_or_withdrawn(self, luck: Random) -> None:
        initiative, proposal = luck.choice(list(self.money.aims)), luck.randint(0, 20_000)
        aim = self.money.aims[initiative]
        if aim.withdrawn:
            return
        self.versions[initiative] += 1
        if luck.random() < 0.4 and len(self.money.promises) > MANY:
            left = InitiativeWithdrawn(initiative_id=initiative, reason="no-time")
            self.run(self.funding.hear((left, self.versions[initiative])))
            self.money.withdraw_initiative(initiative)
            return
        edit = InitiativeEdited(initiative_id=initiative, changed=[], theme=aim.theme, means_needed_cents=proposal)
        self.run(self.funding.hear((edit, self.versions[initiative])))
        aim.proposal = proposal
        self.money.settle(initiative)

    def hours_come(self, luck: Random) -> None:
        pledge = self.one_of_promises(luck, HOURS)
        if pledge is None:
            return
        promise = self.money.promises[pledge]
        came = max(1, promise.asked.amount * luck.randint(1, 5) // 4)
        command = Deliver(uuid4(), pledge, came, "", self.money.now)
        try:
            self.command(lambda tx: commands.means.deliver(tx, command, INITIATOR))
        except Refused:
            assert promise.state != "committed" or came > promise.open
        else:
            assert promise.state == "committed"
            promise.came += came
            assert promise.open >= 0
            if not promise.open:
                promise.state = "delivered"

    def a_promise_falls_out(self, luck: Random) -> None:
        pledge = self.one_of_promises(luck)
        if pledge is None:
            return
        promise = self.money.promises[pledge]
        held_euros = promise.state == "held" and promise.asked.kind == EUROS
        try:
            self.command(lambda tx: commands.means.lapse(tx, pledge, INITIATOR, self.money.now))
        except Refused:
            assert held_euros or not (promise.state == "lapsed" or (promise.stands and promise.open))
        else:
            assert not held_euros
            if promise.state != "lapsed":
                self.money.lapse(promise)

    def time_passes(self, luck: Random) -> None:
        """A while, or until a window or deadline ends; often the timers are on time."""
        ends = [end for aim in self.money.aims.values() for end in (aim.window, aim.deadline) if end]
        later = [end for end in ends if end > self.money.now]
        if later and luck.random() < 0.3:
            self.money.now = min(later)
        else:
            self.money.now += timedelta(minutes=luck.choice([1, 20, 44, 45, 60, 300, 1_440]))
        self.funding.now = self.money.now
        if luck.random() < 0.7:
            self.timers_fire(luck)

    def timers_fire(self, _: Random) -> None:
        self.run(fire_due(self.funding.runtime.database, TIMERS, self.money.now))
        self.money.ring()

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        self.command(self.compare)

    async def compare(self, tx: Any) -> None:
        """Pledges, quotes, pot lines, caps, means and accounts, and the ledger by its own audit, at one moment."""
        money = self.money
        pledges = await storage.pledges.pledges_of(tx, list(money.promises))
        assert {one.id: stored(one) for one in pledges} == {key: said(one) for key, one in money.promises.items()}
        quotes = await storage.quotes.quotes_of(tx, list(money.quotes))
        assert {one.id: (by_line(one.match.allocation.by), one.status) for one in quotes} == {
            key: (one.followed, one.state) for key, one in money.quotes.items()
        }
        for round_id in money.pots:
            round_ = await storage.rounds.round_(tx, round_id)
            assert round_
            assert {line.id: line.left for line in round_.lines} == money.left(round_id)
        await self.compare_caps(tx)
        for initiative in money.aims:
            await self.compare_means(tx, initiative)
        accounts = money.accounts()
        rows = await tx.fetch(BALANCES, sorted({name for name, _ in accounts} | self.names()))
        assert {(name, kind): (held, posted) for name, kind, held, posted in rows} == accounts
        result = await storage.audit.recompute(tx, 60)
        assert result["balanced"], result

    def names(self) -> set[str]:
        """Accounts that may have come back to nothing."""
        of = {f"{kind}:{one}" for kind in ("escrow", "delivered") for one in self.money.aims}
        return of | {f"{kind}:{one}" for kind in ("party", "returned") for one in self.donors}

    async def compare_caps(self, tx: Any) -> None:
        """What counts under the cap of each pledger in a round, and of each pot line for an initiative."""
        rows = await tx.fetch(GIVEN, list(self.money.pots))
        assert {tuple(row[:2]): row[2] for row in rows} == {
            (round_id, donor): given
            for round_id in self.money.pots
            for donor in self.donors
            if (given := self.money.given(donor, round_id))
        }
        capped = [line for pot in self.money.pots.values() for line, put in pot.lines.items() if put.most]
        rows = await tx.fetch(LINE_GIVEN, capped)
        assert {tuple(row[:2]): row[2] for row in rows} == {
            (line, initiative): gave
            for line in capped
            for initiative in self.money.aims
            if (gave := self.money.gave(line, initiative))
        }

    async def compare_means(self, tx: Any, initiative: UUID) -> None:
        money, aim = self.money, self.money.aims[initiative]
        means = (await storage.books.lock(tx, (), [initiative])).means[initiative]
        told = (means.matched, means.reserved, bool(means.reached_at), bool(means.missed_at), means.top_up_until)
        assert told == (money.matched(initiative), money.reserved(initiative), aim.reached, aim.missed, aim.window)
        for kind in (EUROS, HOURS):
            stands = means.pledged.get(kind, 0), means.pledges.get(kind, 0)
            assert stands == money.pledged(initiative, kind)


ACTIONS: dict[Callable[[Village, Random], None], int] = {
    Village.people_pledge_at_once: 6,
    Village.someone_pledges_what_is_missing: 4,
    Village.people_ask_quotes_at_once: 3,
    Village.a_quote_is_used: 3,
    Village.a_quote_is_given_back: 1,
    Village.people_withdraw_at_once: 2,
    Village.an_initiator_sets_needs: 1,
    Village.an_initiative_is_edited_or_withdrawn: 2,
    Village.a_round_changes: 1,
    Village.hours_come: 3,
    Village.a_promise_falls_out: 3,
    Village.time_passes: 3,
    Village.timers_fire: 1,
}
BALANCES = """
    select * from (
        select account, resource, (credits_pending - debits_pending)::bigint as held,
            (credits_posted - debits_posted)::bigint as posted
        from balances where account = any($1::text[])
    ) as nets where held <> 0 or posted <> 0
"""
GIVEN = "select * from round_donors where round_id = any($1::uuid[]) and given_cents > 0"
LINE_GIVEN = "select * from pot_line_given where pot_line_id = any($1::uuid[]) and given_cents > 0"


def by_line(shares: Any) -> dict[UUID, int]:
    return {UUID(line): cents for line, cents in shares}


def stored(pledge: Any) -> tuple[Any, ...]:
    """What is kept of a pledge."""
    followed = by_line(pledge.match.allocation.by) if pledge.match else {}
    back = by_line(pledge.match.back) if pledge.match else {}
    return pledge.quantity, followed, pledge.status, pledge.delivered, pledge.gone, back


def said(promise: Promise) -> tuple[Any, ...]:
    """What the model says of a pledge."""
    return promise.asked.amount, promise.followed, promise.state, promise.came, promise.gone, promise.back


async def caught(act: Awaitable[T]) -> T | Refused:
    """What comes of it, a refusal too."""
    try:
        return await act
    except Refused as no:
        return no


@pytest.mark.timeout(120 + 10 * EXAMPLES)
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
                    max_examples=EXAMPLES,
                    stateful_step_count=40,
                    phases=[Phase.generate],
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                    derandomize=True,
                ),
            )
        finally:
            runner.run(context.__aexit__(None, None, None))
