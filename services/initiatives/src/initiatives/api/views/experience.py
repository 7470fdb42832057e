"""What answers about lived experience look like. Tests hold the answers to it."""

from datetime import datetime

from dorpsplein.fields import View


class Claim(View):
    """What somebody claims of themselves."""

    topic: str
    words: str


class OwnClaim(Claim):
    """A claim of mine, and `beside` how many of my contributions it stands."""

    claimed_at: datetime
    beside: int


class ClaimList(View):
    """What I claim."""

    items: list[OwnClaim]
