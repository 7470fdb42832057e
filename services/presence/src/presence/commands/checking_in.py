"""The code that lies on the table at a session, and checking in with it."""

from datetime import datetime, timedelta
from uuid import UUID

from joserfc.jwk import OctKey

from dorpsplein.database import Database, Transaction
from dorpsplein.errors import Refused
from dorpsplein.web import found
from presence.commands.seats import Answered, change_seats, check_in
from presence.domain.codes import For, refuse_other, sign
from presence.domain.seats import Holder
from presence.domain.sessions import Session, only_its_host
from presence.storage import sessions as storage

COUNTS_FOR = timedelta(minutes=15)
"""How long a code counts: long enough for a row of people, too short to be passed on to who is not there."""


async def code_of(tx: Transaction, session_id: UUID, host: UUID, key: OctKey, *, now: datetime) -> tuple[str, datetime]:
    """The code of a session, and until when it counts, never beyond the end of the session.

    Raises NotFound, Forbidden("not-your-session"), Refused("session-over").
    """
    row = found(await storage.one(tx, session_id), "session", session_id)
    session: Session = storage.session_of(row)
    only_its_host(session, host)
    if now >= session.ends_at:
        raise Refused("session-over", "This session is over.", endsAt=session.ends_at)
    until = min(now + COUNTS_FOR, session.ends_at)
    return sign(key, For.SESSION, session_id, until), until


async def scan(
    db: Database, session_id: UUID, code: str, key: OctKey, walk_in_id: UUID, holder: Holder, *, now: datetime
) -> Answered:
    """Check in with the code of the session. Raises what `codes.refuse_other` and `Seating.check_in` raise."""
    refuse_other(key, code, For.SESSION, session_id, now)
    return await db.grouped(change_seats, check_in(session_id, walk_in_id, holder, now))
