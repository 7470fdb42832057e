"""What happens by itself at a moment: each kind of timer and who carries it out, in one table."""

from collections.abc import Mapping

from dorpsplein.timers import Handler

HANDLERS: Mapping[str, Handler] = {}
