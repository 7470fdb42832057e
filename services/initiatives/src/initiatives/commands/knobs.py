"""Which knobs hold now."""

from dorpsplein.database import Transaction
from initiatives.domain.knobs import Knobs
from initiatives.settings import InitiativesSettings
from initiatives.storage import knobs as storage


async def in_effect(tx: Transaction, settings: InitiativesSettings) -> Knobs:
    """The knobs in effect: the operator's, until the community turns those of the fund that is followed."""
    return await storage.in_effect(tx, settings.knobs_fund, settings.knobs)
