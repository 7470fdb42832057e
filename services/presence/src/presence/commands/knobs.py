"""Which knobs hold now."""

from dorpsplein import knobs
from dorpsplein.database import Transaction
from presence.domain.knobs import Knobs
from presence.settings import PresenceSettings


async def in_effect(tx: Transaction, settings: PresenceSettings) -> Knobs:
    """The knobs in effect: the operator's, until the community turns those of the fund that is followed."""
    turned = await knobs.turned(tx, settings.knobs_fund)
    return settings.knobs.turned(turned[1]) if turned else settings.knobs
