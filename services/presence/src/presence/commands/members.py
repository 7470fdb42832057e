"""Commands on members of the council, and what the end of a term brings about."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Refused
from dorpsplein.timers import cancel_timers, set_timers
from dorpsplein.web import found
from presence.domain import members as domain
from presence.domain.members import EndReason, Member, MemberFact
from presence.domain.notices import What, notice
from presence.storage import members as storage

COUNCIL_TERM = "council-term"
"""The timer by which a term ends, by member."""


async def invite_member(tx: Transaction, member: Member, *, operator: bool, now: datetime) -> Member:
    """Ask somebody to join the council, and tell them.

    Raises Forbidden, Refused; among them Refused("membership-open") where they are invited or serve already.
    """
    event = domain.invite(member, await storage.by_person(tx, member.invited_by), now, operator=operator)
    told = notice(What.COUNCIL_INVITED, member.person_id, str(member.id), member_id=member.id)
    if not await storage.add(tx, member, [*_facts(member, event), Fact(told, 1)]):
        there = await storage.open_membership(tx, member.person_id)
        raise Refused("membership-open", "This person is invited or serves already.", memberId=there)
    await set_timers(tx, COUNCIL_TERM, {member.id: member.term_until})
    return member


async def change_member(tx: Transaction, member_id: UUID, decide: Callable[[Member], MemberFact]) -> Member:
    """Accept, decline, take back or resign, as `decide` of the domain rules. Raises NotFound, Forbidden, Refused."""
    member = await _locked(tx, member_id)
    event = decide(member)
    return await _changed(tx, domain.evolve(member, event), event)


async def end_membership(
    tx: Transaction, member_id: UUID, reason: EndReason, *, person: UUID, operator: bool, now: datetime
) -> Member:
    """End a membership of another. Raises NotFound, Forbidden, Refused."""
    member = await _locked(tx, member_id)
    event = domain.end(member, await storage.by_person(tx, person), now, operator=operator)
    return await _changed(tx, domain.evolve(member, event, reason), event)


async def say(tx: Transaction, member_id: UUID, words: str | None, *, person: UUID, version: int) -> Member:
    """Let a member say what they bring. Raises NotFound, Forbidden, Refused, Stale."""
    member = domain.say(await _locked(tx, member_id), words, person, version)
    await storage.save(tx, [member], [Fact(member.state, member.version)])
    return member


async def end_terms(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
    """The handler of the timers by which terms end: members leave, and unanswered invitations are taken back."""
    told = [
        (domain.evolve(member, event), event)
        for member in (await storage.lock(tx, refs)).values()
        if (event := domain.end_term(member, now))
    ]
    if told:
        facts = [fact for member, event in told for fact in _facts(member, event)]
        await storage.save(tx, [member for member, _ in told], facts)


async def _locked(tx: Transaction, member_id: UUID) -> Member:
    member: Member = found((await storage.lock(tx, [member_id])).get(member_id), "council-member", member_id)
    return member


async def _changed(tx: Transaction, member: Member, event: MemberFact) -> Member:
    await storage.save(tx, [member], _facts(member, event))
    if member.status not in (domain.Status.INVITED, domain.Status.SERVING):
        await cancel_timers(tx, COUNCIL_TERM, [member.id])
    return member


def _facts(member: Member, event: MemberFact) -> list[Fact]:
    """The fact and the public state after it, which goes where somebody never joined."""
    erases = member.status in domain.NEVER_A_MEMBER
    return [Fact(event, member.version), Fact(member.state, member.version, erases=erases)]
