"""What an operator may set for this service, beside what every service has."""

from pydantic import Field

from dorpsplein.settings import Settings


class InitiativesSettings(Settings):
    """`support_threshold`: how many supports make an initiative supported; pinned when it is proposed."""

    support_threshold: int = Field(25, ge=1, le=1_000_000)
