"""What happens by itself at a moment: each kind of timer and who carries it out, in one table."""

from collections.abc import Mapping

from dorpsplein.timers import Handler
from initiatives.commands.closing import close_due
from initiatives.commands.initiatives import EXPIRY_REMINDER, SUPPORT_CLOSES
from initiatives.commands.life import remind
from initiatives.commands.merges import MERGE_WINDOW, close_windows
from initiatives.commands.moderation import APPEAL_ENDS, settle_due
from initiatives.commands.promises import PROMISE_DUE, PROMISE_REMINDER, come_due, remind_due
from initiatives.commands.uploads import UPLOAD_EXPIRES
from initiatives.commands.uploads import expire as expire_uploads

HANDLERS: Mapping[str, Handler] = {
    EXPIRY_REMINDER: remind,
    SUPPORT_CLOSES: close_due,
    MERGE_WINDOW: close_windows,
    UPLOAD_EXPIRES: expire_uploads,
    APPEAL_ENDS: settle_due,
    PROMISE_REMINDER: remind_due,
    PROMISE_DUE: come_due,
}
