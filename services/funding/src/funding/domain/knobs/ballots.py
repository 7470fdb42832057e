"""Ballots: one person, one vote, once, in time."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.errors import Conflict, Forbidden, Refused, Rejected
from funding.domain.knobs.changes import KnobChange
from funding.domain.knobs.votes import Choice

RANDOM = 4
"""The version of a random UUID. Others tell when, where or in which order they were made."""


@dataclass(frozen=True, slots=True)
class CastBallot:
    """A choice of one voter in the vote on a change, under an id that only the voter knows as theirs."""

    id: UUID
    change: UUID
    voter: UUID
    choice: Choice
    at: datetime


@dataclass(slots=True)
class Box:
    """What ballots are decided on: the changes, those who may vote and have not (True: have), the ids in use."""

    changes: dict[UUID, KnobChange]
    marks: dict[tuple[UUID, UUID], bool]
    taken: set[UUID]

    def cast(self, command: CastBallot) -> Rejected | None:
        """Take a ballot in, or say why not and change nothing."""
        if no := self._refusal(command):
            return no
        self.marks[command.change, command.voter] = True
        self.taken.add(command.id)
        return None

    def _refusal(self, command: CastBallot) -> Rejected | None:
        change, mark = self.changes[command.change], (command.change, command.voter)
        if change.vote is None:
            return Refused("voting-not-open", "This change is not open for voting yet.")
        if change.status != "open" or command.at >= change.vote.closes_at:
            return Refused("voting-closed", "The vote on this change is over.")
        if mark not in self.marks:
            return Forbidden("not-on-the-roster", "Only who was in the electorate when the vote opened can vote.")
        if self.marks[mark]:
            return Conflict("already-voted", "You have voted; look for the id of your ballot after the close.")
        if command.id.version != RANDOM:
            return Refused("ballot-id-not-random", "Make the ballot's id a random UUID (version 4).")
        if command.id in self.taken:
            return Conflict("id-taken", "This ballot id is in use; make another random one.")
        return None
