"""What one person alone is told. It is written once, not rebuilt: where it comes from keeps it for a month only."""

import logging
from collections.abc import Sequence

from dorpsplein.contracts.presence.notices import NoticeGiven
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded
from notifications.domain.lines.notices import TEXTS
from notifications.storage import notices as stored
from notifications.wakeups import NEW_IN_LOG

log = logging.getLogger(__name__)


async def notices(tx: Transaction, events: Sequence[Recorded[NoticeGiven]]) -> None:
    """Keep what one person alone is told, once a notice, and mail it at once to who gave an address.

    What has no text here is passed by. What is older than two days, as in a replay, is kept and not mailed.
    """
    known = [event for event in events if event.event.what in TEXTS]
    for what in sorted({event.event.what for event in events} - TEXTS.keys()):
        log.warning("there is no text for notices of %s: nobody is told", what)
    await stored.keep(tx, [(event.event, event.time) for event in known])
    await tx.execute(NEW_IN_LOG)
