"""What an operator may set for this service, beside what every service has."""

from uuid import UUID

from pydantic import Field

from dorpsplein.settings import Settings
from initiatives.domain.knobs import Knobs
from initiatives.rendering.storyboard import Size, Theme

MOST_UPLOAD_BYTES = 1_000_000_000
"""Whatever is set: no larger body is let in at all."""


class InitiativesSettings(Settings):
    """What holds until the community turns the knobs of the fund `knobs_fund`; it is pinned where it is used.

    `support_threshold` is how many supports make an initiative supported, `support_days` how long they can be given,
    `reminder_days` how long before the end its initiators are reminded. Supporters can say yes to a merge for
    `merge_window_days`.

    Media are in the store that `media_url` names: a folder (file:///…; without it the folder `media` in the data
    folder) or a bucket (s3://bucket/prefix, with the usual variables of AWS). An upload has at most
    `upload_most_bytes`, all uploads of a person on a day `upload_day_bytes`, a sound or film `media_most_seconds`.

    Films of dream visions name the `municipality`, in `film_theme`, `film_size` and `film_fps`. A process that makes
    one and says nothing for `render_lease_s` seconds has lost it.
    """

    knobs_fund: UUID | None = None
    support_threshold: int = Field(25, ge=1, le=1_000_000)
    support_days: int = Field(90, ge=1, le=730)
    reminder_days: int = Field(14, ge=1, le=60)
    merge_window_days: int = Field(14, ge=1, le=90)

    municipality: str = Field("", max_length=200)
    film_theme: Theme = Theme()
    film_size: Size = Size()
    film_fps: int = Field(25, ge=5, le=60)
    render_lease_s: float = Field(30.0, gt=0)
    media_url: str = ""
    upload_most_bytes: int = Field(200_000_000, ge=1, le=MOST_UPLOAD_BYTES)
    upload_day_bytes: int = Field(500_000_000, ge=1)
    media_most_seconds: int = Field(600, ge=1, le=7_200)

    @property
    def knobs(self) -> Knobs:
        """The knobs as long as nobody turned one."""
        return Knobs(self.support_threshold, self.support_days, self.reminder_days, self.merge_window_days)
