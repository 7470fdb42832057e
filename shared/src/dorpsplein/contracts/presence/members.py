"""Members of the inspiration council: the core group and the inspirators."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym, Published


class CouncilMemberInvited(
    Event, type="nl.participatie.council-members.council-member-invited.v1", topic="presence.member"
):
    """Someone is asked to join the inspiration council. `kind` is `core` or `inspirator`."""

    member_id: Annotated[UUID, Key, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]
    kind: Annotated[str, NotPersonal]
    invited_by: Annotated[UUID, Pseudonym]
    term_from: Annotated[AwareDatetime, NotPersonal]
    term_until: Annotated[AwareDatetime, NotPersonal]


class CouncilMemberJoined(
    Event, type="nl.participatie.council-members.council-member-joined.v1", topic="presence.member"
):
    """They said yes, and are a member from `term_from` until `term_until`, unless they leave before."""

    member_id: Annotated[UUID, Key, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]
    kind: Annotated[str, NotPersonal]
    term_from: Annotated[AwareDatetime, NotPersonal]
    term_until: Annotated[AwareDatetime, NotPersonal]


class CouncilInvitationDeclined(
    Event, type="nl.participatie.council-members.council-invitation-declined.v1", topic="presence.member"
):
    """They said no, or the invitation was taken back (`reason`: `declined` or `taken-back`)."""

    member_id: Annotated[UUID, Key, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]
    reason: Annotated[str, NotPersonal]


class CouncilMemberLeft(Event, type="nl.participatie.council-members.council-member-left.v1", topic="presence.member"):
    """They are a member no more; `reason` is `term-over`, `resigned` or `ended`."""

    member_id: Annotated[UUID, Key, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]
    kind: Annotated[str, NotPersonal]
    reason: Annotated[str, NotPersonal]


class CouncilMemberState(
    Event, type="nl.participatie.council-members.council-member-state.v1", topic="presence.member.state"
):
    """The latest public view of a member, with what they say they bring."""

    member_id: Annotated[UUID, Key, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]
    kind: Annotated[str, NotPersonal]
    status: Annotated[str, NotPersonal]
    themes: Annotated[list[str], NotPersonal]
    invited_by: Annotated[UUID, Pseudonym]
    term_from: Annotated[AwareDatetime, NotPersonal]
    term_until: Annotated[AwareDatetime, NotPersonal]
    words: Annotated[str | None, Published] = None


EVENTS = (
    CouncilMemberInvited,
    CouncilMemberJoined,
    CouncilInvitationDeclined,
    CouncilMemberLeft,
    CouncilMemberState,
)
