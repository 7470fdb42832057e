"""What happens by itself at a moment: each kind of timer and who carries it out, in one table."""

from collections.abc import Mapping

from dorpsplein.timers import Handler
from funding import commands
from funding.commands import counts
from funding.commands.knobs.brakes import BRAKE_ENDS, brake_ends
from funding.commands.knobs.settling import CHANGE_DUE, change_due

HANDLERS: Mapping[str, Handler] = {
    CHANGE_DUE: change_due,
    BRAKE_ENDS: brake_ends,
    counts.TIMER: counts.run_due,
    commands.pledges.QUOTE_EXPIRES: commands.pledges.release_quotes,
    commands.means.MEANS_DEADLINE: commands.means.end_waiting,
    commands.rounds.ROUND_CLOSES: commands.closing.close_due,
}
