"""Signed heads of the transparency log."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal


class TreeHeadSigned(Event, type="nl.participatie.logs.tree-head-signed.v1", topic="funding.log"):
    """The log of the ledger says what its tree is with `size` leaves: its root, in hex, and who signed it.

    What is signed is the text of a checkpoint (C2SP tlog-checkpoint): `origin`, `size` and the root in base64, each
    on a line. `key_id` is that of the signed note, `signature` is Ed25519 in base64. Later heads go on from this one:
    ask the log for the proof.
    """

    log_id: Annotated[UUID, Key, NotPersonal]
    origin: Annotated[str, NotPersonal]
    size: Annotated[int, NotPersonal]
    root: Annotated[str, NotPersonal]
    at: Annotated[AwareDatetime, NotPersonal]
    key_id: Annotated[str, NotPersonal]
    signature: Annotated[str, NotPersonal]


EVENTS = (TreeHeadSigned,)
