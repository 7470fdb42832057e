"""What a page shows of sessions. Tests hold the answers to it."""

from datetime import datetime
from uuid import UUID

from dorpsplein.fields import View


class Session(View):
    """People around a question, for this initiative; without a place it is online.

    `working_form` is the code of one in the catalogue; `status` is `announced`, `open`, `full`, `live`, `harvested`,
    `thanked` or `cancelled`; `lines` is how much it yielded by now.
    """

    id: UUID
    title: str | None
    question: str
    working_form: str
    status: str
    place_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    lines: int
