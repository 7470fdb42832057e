"""Who carries an initiative: everybody who does may do all that an initiator may, and one always remains."""

from uuid import UUID

from dorpsplein.contracts.initiatives.initiatives import (
    CoInitiatorDeclined,
    CoInitiatorInvited,
    CoInitiatorJoined,
    CoInitiatorLeft,
)
from dorpsplein.envelope import Event
from dorpsplein.errors import Conflict, NotFound, Refused
from initiatives.domain.evolving import told
from initiatives.domain.initiative import Initiative, only_initiators, refuse_ended

MOST_INITIATORS = 20


def invite(initiative: Initiative, invited: UUID, *, person: UUID) -> list[Event]:
    """Ask somebody to carry it too; asking again changes nothing.

    Raises Forbidden("not-yours"), Conflict("is-initiator"), Refused("too-many-initiators") or of an ended initiative.
    """
    only_initiators(initiative, person)
    refuse_ended(initiative.status)
    if invited in initiative.initiators:
        raise Conflict("is-initiator", "This person carries the initiative already.")
    if invited in initiative.invited:
        return []
    if len(initiative.initiators) + len(initiative.invited) >= MOST_INITIATORS:
        raise Refused("too-many-initiators", f"At most {MOST_INITIATORS} people can carry an initiative.")
    return told(initiative, CoInitiatorInvited(initiative_id=initiative.id, person_id=invited), initiative.status)


def accept(initiative: Initiative, *, person: UUID) -> list[Event]:
    """Carry it too, as one was asked. Raises NotFound("invitation-unknown"), Refused of an ended initiative."""
    _only_invited(initiative, person)
    refuse_ended(initiative.status)
    joined = CoInitiatorJoined(
        initiative_id=initiative.id, person_id=person, initiators=[*initiative.initiators, person]
    )
    return told(initiative, joined, initiative.status)


def decline(initiative: Initiative, invited: UUID, *, person: UUID) -> list[Event]:
    """Say no to an invitation, or as an initiator take it back.

    Raises NotFound("invitation-unknown") and Forbidden("not-yours").
    """
    if person != invited:
        only_initiators(initiative, person)
    _only_invited(initiative, invited)
    return told(initiative, CoInitiatorDeclined(initiative_id=initiative.id, person_id=invited), initiative.status)


def leave(initiative: Initiative, *, person: UUID) -> list[Event]:
    """Carry it no more. Raises Forbidden("not-yours") and Refused("last-initiator")."""
    only_initiators(initiative, person)
    others = [one for one in initiative.initiators if one != person]
    if not others:
        raise Refused("last-initiator", "You are the last who carries it: invite somebody first, or withdraw it.")
    return told(
        initiative,
        CoInitiatorLeft(initiative_id=initiative.id, person_id=person, initiators=others),
        initiative.status,
    )


def _only_invited(initiative: Initiative, person: UUID) -> None:
    if person not in initiative.invited:
        raise NotFound("invitation-unknown", "There is no such invitation, or it was answered already.")
