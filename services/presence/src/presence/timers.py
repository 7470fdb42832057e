"""What happens by itself at a moment: each kind of timer and who carries it out, in one table."""

from collections.abc import Mapping

from dorpsplein.timers import Handler
from presence.commands import forms, members, promises, requests

HANDLERS: Mapping[str, Handler] = {
    members.COUNCIL_TERM: members.end_terms,
    promises.COUNCIL_PROMISE_REMINDER: promises.remind_due,
    promises.COUNCIL_PROMISE_DUE: promises.come_due,
    forms.FORM_UNTOLD: forms.tell_untold,
    requests.REQUEST_EXPIRES: requests.expire,
from presence.commands.field import FORGET_FIELD_COMMANDS
from presence.commands.field import forget as forget_field_commands

HANDLERS: Mapping[str, Handler] = {
    FORGET_FIELD_COMMANDS: forget_field_commands,
}
