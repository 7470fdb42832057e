"""What an operator of the funding service may set, beside what every service has."""

from pydantic import Field

from dorpsplein.settings import Settings


class FundingSettings(Settings):
    """`audit_interval_s` is how often the ledger is recomputed; `audit_timeout_s` how long that may take."""

    audit_interval_s: float = Field(60.0, gt=0)
    audit_timeout_s: float = Field(120.0, gt=0)
