"""What happens by itself at a moment: each kind of timer and who carries it out, in one table."""

from collections.abc import Mapping

from dorpsplein.timers import Handler
from presence.commands import field, forms, lone_visits, members, promises, requests, series, session_timers, slots

HANDLERS: Mapping[str, Handler] = {
    slots.SLOT_RINGS: slots.ring,
    series.SERIES_EXTENDS: series.extend,
    lone_visits.LONE_VISIT_RINGS: lone_visits.ring,
    lone_visits.LONE_VISIT_GOES: lone_visits.forget,
    field.FORGET_FIELD_COMMANDS: field.forget,
    session_timers.SESSION_OPENS: session_timers.open_due,
    session_timers.SEAT_REMINDER: session_timers.remind,
    session_timers.NO_SHOWS: session_timers.lose_no_shows,
    session_timers.SEATS_FORGOTTEN: session_timers.forget,
    forms.FORM_UNTOLD: forms.tell_untold,
    requests.REQUEST_EXPIRES: requests.expire,
    members.COUNCIL_TERM: members.end_terms,
    promises.COUNCIL_PROMISE_REMINDER: promises.remind_due,
    promises.COUNCIL_PROMISE_DUE: promises.come_due,
}
