"""Take in bank statements: each line once, whichever statement it stands on, one statement at a time."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from dorpsplein.contracts.funding.payouts import PledgePaidIn
from dorpsplein.database import Database, Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Refused
from dorpsplein.identity import Caller
from funding import sepa, storage
from funding.domain import payouts, statements
from funding.domain.banking import digits_of
from funding.domain.ledger import Entries
from funding.domain.payouts import Debtor, Payout
from funding.domain.statements import Line, Promise, Statement, Verdict
from funding.storage.statements import Payment, TakenIn


async def take_in(
    database: Database, content: bytes, new_id: UUID, debtor: Debtor | None, caller: Caller, at: datetime
) -> tuple[UUID, bool]:
    """Reconcile a file of statements of the account that is paid from; its id, and whether it is new.

    The same content again answers the statement that is there. Raises Refused("debtor-not-set"), what reading finds
    (`sepa.read`) and what does not add up (`statements.check`); then nothing is kept.
    """
    if debtor is None:
        raise Refused("debtor-not-set", "It is not set of which account statements are: set DORPSPLEIN_DEBTOR_IBAN.")
    read = await asyncio.to_thread(sepa.read, content)
    statements.check([one for one, _ in read], debtor.iban, [moved for _, moved in read])
    digest = hashlib.sha256(content).digest()
    async with database.transaction() as tx:
        await storage.statements.one_at_a_time(tx)
        if known := await storage.statements.by_content(tx, digest):
            return known, False
        await _reconcile(tx, [one for one, _ in read], TakenIn(new_id, digest, caller.id, at, 0, 0))
    return new_id, True


async def _reconcile(tx: Transaction, read: Sequence[Statement], blank: TakenIn) -> None:
    lines = list({line.key: line for one in read for line in one.lines}.values())
    known = await storage.statements.known(tx, [line.key for line in lines])
    new = [line for line in lines if line.key not in known]
    judging = _Judging(
        await storage.payouts.lock(tx, sorted({line.payout for line in new if line.payout})),
        await storage.statements.promises(tx, {digits_of(it) for line in new for it in line.references}),
    )
    judged = [(line, judging.verdict(line)) for line in new]
    taken_in = TakenIn(
        blank.id,
        blank.content_sha256,
        blank.by,
        blank.at,
        known_before=sum(len(one.lines) for one in read) - len(new),
        pending=sum(one.pending for one in read),
    )
    await storage.statements.add(tx, taken_in, judged)
    await storage.ledger.write(tx, judging.entries, blank.at)
    await storage.payouts.change(tx, list(judging.changed.values()), judging.facts)
    await _keep_payments(tx, judged, blank.at)


class _Judging:
    """Judges lines in order, each on top of those before: what is booked on one may come back on the next."""

    def __init__(self, known: dict[UUID, Payout], promises: dict[str, list[Promise]]) -> None:
        self._known, self._promises = known, promises
        self.changed: dict[UUID, Payout] = {}
        self.facts: list[Fact] = []
        self.entries = Entries()

    def verdict(self, line: Line) -> Verdict:
        """What a line means; a pay-out it is about changes at once."""
        verdict = statements.judge(line, self._known, self._promises)
        if verdict.payout and verdict.outcome in {"payout-booked", "payout-returned"}:
            before = self._known[verdict.payout]
            decide = payouts.book if verdict.outcome == "payout-booked" else payouts.give_back
            after, event, entries = decide(before)
            self._known[after.id] = self.changed[after.id] = after
            self.facts.append(Fact(event, after.version))
            self.entries.transfers.extend(entries.transfers)
            self.entries.resolutions.extend(entries.resolutions)
        return verdict


async def _keep_payments(tx: Transaction, judged: Sequence[tuple[Line, Verdict]], at: datetime) -> None:
    payments = [
        Payment(uuid5(verdict.pledge, line.key.hex()), verdict.pledge, line.cents, line.key)
        for line, verdict in judged
        if verdict.outcome == "pledge-paid-in" and verdict.pledge
    ]
    facts = [Fact(PledgePaidIn(payment_id=one.id, pledge_id=one.pledge, amount_cents=one.cents), 1) for one in payments]
    await storage.statements.add_payments(tx, payments, at, facts)
