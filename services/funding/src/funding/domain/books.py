"""The books: what commands on means are decided on. Read once under lock, folded in order, written once.

Each decision is folded onto all before it, so that caps and pots are exact however many commands come at once; what
the ledger has to hold and the facts to be told are collected on the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dorpsplein.contracts.funding.means import MeansGoalMissed, MeansGoalReached, MeansTaken
from dorpsplein.contracts.funding.pledges import (
    PledgeCommitted,
    PledgeDelivered,
    PledgeLapsed,
    PledgeRefunded,
    PledgeWithdrawn,
)
from dorpsplein.envelope import Cause, Event, Fact
from dorpsplein.errors import Refused
from funding.domain import fates, grants, pledges, quotes, rounds
from funding.domain import means as needs
from funding.domain.fates import Followed
from funding.domain.grants import Grant
from funding.domain.ledger import EUR, Entries, delivered, escrow, party, post, pot, returned, transfer, void
from funding.domain.means import Means, MeansEvent
from funding.domain.pledges import MakePledge, Match, Pledge
from funding.domain.quotes import AskQuote, Quote
from funding.domain.resources import refuse_withdrawn
from funding.domain.rounds import Round
from funding.domain.rules import PledgeSnapshot

WITH_ITS_INITIATIVE = frozenset({"initiative-withdrawn", "initiative-expired", "initiative-joined"})
"""Why a pledge goes back that its pledger could have withdrawn as well."""


@dataclass(slots=True)
class Books:
    """Means, rounds, pledges and quotes that are locked, and what is to be written of them.

    `given` is what each pledger was matched or quoted in each round, `line_given` what each pot line gave each
    initiative, `donors` who pledged to each initiative (where a rule counts them), `reserved` how many quotes each
    person holds in each round, `withdrawn` which facilities are offered no more. `touched` names what has changed.
    """

    means: dict[UUID, Means]
    rounds: dict[UUID, Round]
    given: dict[tuple[UUID, UUID], int]
    line_given: dict[tuple[UUID, UUID], int] = field(default_factory=dict)
    donors: dict[UUID, set[UUID]] = field(default_factory=dict)
    reserved: dict[tuple[UUID, UUID], int] = field(default_factory=dict)
    pledges: dict[UUID, Pledge] = field(default_factory=dict)
    quotes: dict[UUID, Quote] = field(default_factory=dict)
    grants: dict[UUID, Grant] = field(default_factory=dict)
    withdrawn: frozenset[str] = frozenset()
    entries: Entries = field(default_factory=Entries)
    facts: list[Fact] = field(default_factory=list)
    made: dict[UUID, Pledge] = field(default_factory=dict)
    asked: dict[UUID, Quote] = field(default_factory=dict)
    touched: dict[tuple[str, UUID], None] = field(default_factory=dict)

    def tell(self, events: Sequence[Event], last: int, cause: Cause | None) -> None:
        """Keep facts of one aggregate, the last of which is its version `last`."""
        first = last - len(events) + 1
        self.facts += [Fact(event, number, cause) for number, event in enumerate(events, start=first)]

    def make(self, command: MakePledge, cause: Cause | None = None) -> tuple[Pledge, bool]:
        """Make a pledge on top of all before it; answers it, and whether it is new.

        Raises Conflict("id-taken"), or Refused: ("initiative-unknown"), ("initiative-withdrawn"), ("goal-missed"),
        what `Means.refuse_more`, `refuse_withdrawn`, `quotes.use` and `follow` refuse; then nothing has changed.
        """
        if known := self.pledges.get(command.id):
            return pledges.same_again(known, command), False
        means = self._open_means(command.initiative, command.at)
        means.refuse_more(command.resource, command.quantity)
        refuse_withdrawn(command.resource, self.withdrawn)
        if command.slot:
            command.slot.refuse_far(command.at)
        if command.quote is not None:
            quote = quotes.use(self.quotes.get(command.quote), command)
            match: Match | None = quote.match
            self._use(quote)
        else:
            match = self._follow(means, command)
            self._draw(command, match, 1)
        pledge = pledges.made(command, match, committed=means.reached_at is not None)
        self.pledges[pledge.id] = self.made[pledge.id] = pledge
        self._count(pledge, pledge.quantity, pledge.matched, 1)
        self.donors.setdefault(pledge.initiative, set()).add(pledge.pledger)
        held = pledge.holds
        self.entries.transfers += [replace(one, pending=pledge.status == "held") for one in held]
        self.tell(pledges.facts_of(pledge), pledge.version, cause)
        self.reach(pledge.initiative, command.at, cause)
        return self.pledges[pledge.id], True

    def quote(self, command: AskQuote, cause: Cause | None = None) -> tuple[Quote, bool]:
        """Reserve a match; answers the quote, and whether it is new. Raises Conflict, or Refused as `make` does."""
        if known := self.quotes.get(command.id):
            return quotes.same_again(known, command), False
        quotes.refuse_many(self.reserved.get((command.round, command.pledger), 0))
        means = self._open_means(command.initiative, command.at)
        means.refuse_more(command.resource, command.quantity)
        refuse_withdrawn(command.resource, self.withdrawn)
        match = self._follow(means, command)
        if match is None:
            raise Refused("matched-at-close", "This round is matched when it closes; ask for its estimate.")
        minutes = self.rounds[command.round].terms.quote_minutes
        until = command.at + timedelta(minutes=minutes)
        fields: dict[str, Any] = {name: getattr(command, name) for name in ("id", "pledger", "initiative", "round")}
        quote = Quote(
            **fields,
            resource=command.resource,
            quantity=command.quantity,
            match=match,
            quoted_at=command.at,
            expires_at=until,
        )
        self.quotes[quote.id] = self.asked[quote.id] = quote
        self._draw(quote, match, 1)
        self._reserve(quote, 1)
        self.entries.transfers += quote.holds
        self.tell([quotes.quoted(quote)], 1, cause)
        return quote, True

    def release(self, quote_id: UUID, reason: str, cause: Cause | None = None) -> None:
        """Give a reserved match back to its pot, where it still is reserved."""
        quote = self.quotes[quote_id]
        if released := quotes.release(quote, reason):
            self.quotes[quote_id] = replace(quote, status="released")
            self.touched["quote", quote_id] = None
            self._draw(quote, quote.match, -1)
            self._reserve(quote, -1)
            self.entries.resolutions += void(quote.holds, "expired" if reason == "expired" else "voided")
            self.tell(released, 2, cause)

    def follow(self, events: Sequence[Followed], at: datetime, cause: Cause | None = None) -> None:
        """Take note of what became of pledges that are known here, in the ledger too."""
        for event in events:
            pledge = self.pledges[event.pledge_id]
            match event:
                case PledgeCommitted():
                    self.entries.resolutions += post(pledge.holds)
                case PledgeDelivered(delivery_id=delivery, quantity=quantity):
                    accounts = escrow(pledge.initiative), delivered(pledge.initiative)
                    moved = transfer(pledge.id, "delivery", pledge.resource, *accounts, quantity, step=delivery)
                    self.entries.transfers.append(moved)
                case PledgeWithdrawn() | PledgeLapsed() | PledgeRefunded():
                    self._give_back(pledge)
            self.pledges[pledge.id] = fates.evolve(pledge, event)
            self.touched["pledge", pledge.id] = None
            self.tell([event], self.pledges[pledge.id].version, cause)

    def grant(self, grant: Grant, at: datetime) -> None:
        """Give an initiative what a counted round allots to it."""
        means = self.means[grant.initiative]
        grant = grants.give(grant, self.entries, committed=means.reached_at is not None)
        self.grants[grant.id] = grant
        self.touched["grant", grant.id] = None
        self.touched["round", grant.round] = None
        self.rounds[grant.round] = rounds.draw(self.rounds[grant.round], dict(grant.allocation.by))
        self.take(grant.initiative, [grants.given(grant)], at, None)
        self.reach(grant.initiative, at)

    def commit_all(self, at: datetime) -> None:
        """Post every hold of initiatives that reached their goal just now; what is held must be read before."""
        for initiative, cause in self.reached().items():
            held = [one for one in self.pledges.values() if (one.initiative, one.status) == (initiative, "held")]
            self.follow([event for pledge in held for event in pledges.commit(pledge)], at, cause)
            for grant in [one for one in self.grants.values() if (one.initiative, one.status) == (initiative, "held")]:
                self.grants[grant.id] = grants.commit(grant, self.entries)
                self.touched["grant", grant.id] = None

    def send_back(self, initiative: UUID, at: datetime, reason: str, cause: Cause | None = None) -> None:
        """Give back all that is open for an initiative: what is held lapses, what is committed is refunded."""
        for pledge in [one for one in self.pledges.values() if one.initiative == initiative and one.stands]:
            if pledge.status == "held":
                gone: Sequence[Followed] = (
                    fates.withdraw(pledge, reason) if reason in WITH_ITS_INITIATIVE else fates.lapse(pledge, reason)
                )
                self.follow(gone, at, cause)
            elif pledge.status == "committed":
                self.follow(fates.refund(pledge, reason), at, cause)
        for grant in [one for one in self.grants.values() if one.initiative == initiative]:
            self._return(grant, at, cause)

    def _return(self, grant: Grant, at: datetime, cause: Cause | None) -> None:
        if grant.status != "returned":
            self.grants[grant.id], back = grants.give_back(grant, self.entries)
            self.touched["grant", grant.id] = None
            self.rounds[grant.round] = rounds.draw(self.rounds[grant.round], dict(grant.allocation.by), -1)
            self.take(grant.initiative, [back], at, cause)

    def reach(self, initiative: UUID, at: datetime, cause: Cause | None = None) -> None:
        """Take note that an initiative has what it needs, the first time that it has."""
        means = self.means[initiative]
        if not means.is_over(at):
            self.take(initiative, needs.reach(means), at, cause)

    def fall_short(self, initiative: UUID, at: datetime, cause: Cause | None = None) -> None:
        """Open a top-up window where something fell out of an initiative that had enough."""
        self.take(initiative, needs.fall_short(self.means[initiative], at), at, cause)

    def end_waiting(self, initiative: UUID, at: datetime, *, started: bool) -> Event | None:
        """Take note that a deadline or a top-up window is over; answers what that means."""
        events = needs.end_waiting(self.means[initiative], at, started=started)
        self.take(initiative, events, at, None)
        return events[0] if events else None

    def reached(self) -> dict[UUID, Cause | None]:
        """The initiatives whose held pledges are to be committed now, with what caused it."""
        kinds = (MeansGoalReached, MeansTaken)
        return {fact.event.initiative_id: fact.cause for fact in self.facts if isinstance(fact.event, kinds)}

    def missed(self) -> list[UUID]:
        """The initiatives from which everything is to go back now."""
        return [fact.event.initiative_id for fact in self.facts if isinstance(fact.event, MeansGoalMissed)]

    def take(self, initiative: UUID, events: Sequence[MeansEvent], at: datetime, cause: Cause | None = None) -> None:
        """Take note of what became of an initiative's means."""
        for event in events:
            self.means[initiative] = needs.evolve(self.means[initiative], event, at)
            self.touched["means", initiative] = None
            self.tell([event], self.means[initiative].version, cause)

    def _open_means(self, initiative: UUID, at: datetime) -> Means:
        means = self.means.get(initiative)
        if means is None:
            raise Refused("initiative-unknown", f"No initiative {initiative} is known here; look up its id.")
        needs.refuse_stopped(means)
        if means.is_over(at):
            raise Refused("goal-missed", f"Initiative {initiative} missed its goal; nothing is taken any more.")
        return means

    def _follow(self, means: Means, asked: MakePledge | AskQuote) -> Match | None:
        """What follows by the round's rule at once; nothing outside a round, or in one that is counted at its close."""
        if asked.round is None:
            return None
        round_ = self.rounds.get(asked.round)
        if round_ is None:
            raise Refused("round-unknown", f"There is no round {asked.round}; ask for the rounds that are open.")
        rounds.refuse_closed(round_, asked.at)
        rounds.refuse_paused(round_, asked.at)
        worth = round_.terms.valuation.cents(asked.resource, asked.quantity)
        if not worth:
            raise Refused("not-matched", f"{asked.resource} counts for nothing in this round; leave the round out.")
        if round_.terms.rule.family != "streaming":
            return None
        snapshot = PledgeSnapshot(
            pledge=worth,
            given_to_donor=self.given.get((round_.id, asked.pledger), 0),
            given_to_initiative=means.matched + means.reserved,
            pot=tuple(
                (str(line.id), line.room(means, self.line_given.get((line.id, means.initiative), 0)))
                for line in round_.lines
            ),
            crowd=means.pledged.get(EUR, 0),
            goal=means.goal,
            donors=len(self.donors.get(means.initiative, set()) | {asked.pledger}),
        )
        allocation, digest = rounds.follow(round_, snapshot)
        return Match(allocation, round_.terms.rule_version, digest, worth, round_.terms.valuation_version)

    def _draw(self, of: MakePledge | AskQuote | Quote, match: Match | None, sign: int) -> None:
        if match is not None and of.round is not None:
            self._move(of.round, of.pledger, of.initiative, dict(match.allocation.by), sign)

    def _move(self, round_id: UUID, donor: UUID, initiative: UUID, by: dict[str, int], sign: int) -> None:
        """Take cents from pot lines for an initiative (with sign -1: return them), under the caps that count them."""
        place = (round_id, donor)
        self.given[place] = self.given.get(place, 0) + sign * sum(by.values())
        self.touched["round", round_id] = None
        round_ = self.rounds[round_id] = rounds.draw(self.rounds[round_id], by, sign)
        for line in round_.lines:
            if line.most is not None and str(line.id) in by:
                taken = (line.id, initiative)
                self.line_given[taken] = self.line_given.get(taken, 0) + sign * by[str(line.id)]

    def _reserve(self, quote: Quote, sign: int) -> None:
        means = self.means[quote.initiative]
        self.means[quote.initiative] = replace(means, reserved=means.reserved + sign * quote.cents)
        self.touched["means", quote.initiative] = None
        place = (quote.round, quote.pledger)
        self.reserved[place] = self.reserved.get(place, 0) + sign

    def _use(self, quote: Quote) -> None:
        self.quotes[quote.id] = quote
        self.touched["quote", quote.id] = None
        self._reserve(quote, -1)
        self.entries.resolutions += void(quote.holds)

    def _count(self, pledge: Pledge, quantity: int, matched: int, pledges_: int) -> None:
        """Add to what stands for an initiative; a pledge of which nothing stands any more is not counted."""
        means, resource = self.means[pledge.initiative], pledge.resource
        self.means[pledge.initiative] = replace(
            means,
            pledged={**means.pledged, resource: means.pledged.get(resource, 0) + quantity},
            pledges={**means.pledges, resource: means.pledges.get(resource, 0) + pledges_},
            matched=means.matched + matched,
        )
        self.touched["means", pledge.initiative] = None

    def _give_back(self, pledge: Pledge) -> None:
        """Return what is open of a pledge and its match: give holds back, or move what was posted back."""
        back = dict(fates.match_going(pledge))
        if pledge.status == "held":
            self.entries.resolutions += void(pledge.holds)
        else:
            source, step = escrow(pledge.initiative), pledge.version
            home = transfer(
                pledge.id, "return", pledge.resource, source, returned(pledge.pledger), pledge.open, step=step
            )
            self.entries.transfers.append(home)
            for line, cents in back.items():
                account = pot(pledge.round, line) if pledge.round else party(pledge.pledger)
                self.entries.transfers.append(transfer(pledge.id, "return", EUR, source, account, cents, step=step))
        self._count(pledge, -pledge.open, -sum(back.values()), 0 if pledge.delivered else -1)
        if pledge.round and pledge.match:
            self._move(pledge.round, pledge.pledger, pledge.initiative, back, -1)
