"""What an operator may set for presence, beside what every service has."""

from uuid import UUID

from pydantic import Field

from dorpsplein.settings import Settings
from presence.domain.knobs import Knobs


class PresenceSettings(Settings):
    """What holds until the community turns the knobs of the fund `knobs_fund`.

    A session keeps a seat for `no_show_minutes` after its start for who is not there yet; a request for a session
    stands open for `request_days`.
    """

    knobs_fund: UUID | None = None
    no_show_minutes: int = Field(15, ge=5, le=60)
    request_days: int = Field(90, ge=7, le=365)

    @property
    def knobs(self) -> Knobs:
        """The knobs as long as nobody turned one."""
        return Knobs(self.no_show_minutes, self.request_days)
