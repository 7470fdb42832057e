"""Which knobs hold now."""

from dorpsplein import knobs
from dorpsplein.database import Transaction
from initiatives.domain.knobs import Knobs
from initiatives.settings import InitiativesSettings


async def in_effect(tx: Transaction, settings: InitiativesSettings) -> Knobs:
    """The knobs in effect: the operator's, until the community turns those of the fund that is followed."""
    turned = await knobs.turned(tx, settings.knobs_fund)
    return settings.knobs.turned(*turned) if turned else settings.knobs
