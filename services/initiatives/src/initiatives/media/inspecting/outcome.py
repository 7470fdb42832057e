"""How the process that looks inside says no."""

from initiatives.domain.media import Refusal


class NotTaken(Exception):
    """These media are refused; why is for who uploaded them."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal
