"""Who may do what; whatever is not in this table is public and only reads."""

from dorpsplein.identity import Role, allow

OFFICERS = (Role.ARRANGER, Role.ALDERMAN, Role.PROMOTER, Role.TREASURER, Role.OPERATOR)
"""Who works for the municipality and may say so of themself."""

PERMISSIONS = {
    "add_place": allow(Role.ARRANGER, Role.OPERATOR),
    "announce_presence": allow(Role.ARRANGER),
    "arrive": allow(Role.ARRANGER, own="the officer's slot"),
    "leave": allow(Role.ARRANGER, own="the officer's slot"),
    "cancel_presence": allow(Role.ARRANGER, own="the officer's slot"),
    "list_own_slots": allow(Role.ARRANGER),
    "note_encounter": allow(Role.ARRANGER),
    "note_encounters": allow(Role.ARRANGER),
    "list_own_encounters": allow(Role.ARRANGER),
    "read_encounter": allow(*Role, own="who noted it or told it"),
    "withdraw_consent": allow(*Role, own="who noted it or told it; an operator for anyone"),
    "announce_session": allow(Role.ARRANGER),
    "start_session": allow(Role.ARRANGER, own="the host"),
    "cancel_session": allow(Role.ARRANGER, own="the host"),
    "bring_in_harvest": allow(Role.ARRANGER, own="the host"),
    "withdraw_line_consent": allow(*Role, own="who noted it or told it; an operator for anyone"),
    "invite_council_member": allow(*Role, own="an operator for the core group, a core member for inspirators"),
    "accept_membership": allow(*Role, own="who was invited"),
    "decline_membership": allow(*Role, own="who was invited"),
    "take_back_membership": allow(*Role, own="who invited"),
    "resign_membership": allow(*Role, own="the member"),
    "end_membership": allow(*Role, own="an operator any, a core member an inspirator's"),
    "say_member_words": allow(*Role, own="the member"),
    "invite_council": allow(*Role, own="who carries the initiative"),
    "accept_visit": allow(*Role, own="a member who serves"),
    "decline_visit": allow(*Role, own="a member who serves"),
    "cancel_visit": allow(*Role, own="who invited or carries the initiative, or a member who comes"),
    "say_visited": allow(*Role, own="a member who comes"),
    "report_visit": allow(*Role, own="a member who was there"),
    "amend_report": allow(*Role, own="a member who was there"),
    "make_council_promise": allow(*Role, own="a member who was there"),
    "keep_council_promise": allow(*Role, own="the member who made it; the core group once they left"),
    "let_go_council_promise": allow(*Role, own="the member who made it; the core group once they left"),
    "add_working_form": allow(Role.ARRANGER),
    "change_working_form": allow(Role.ARRANGER),
    "retire_working_form": allow(Role.ARRANGER),
    "ask_for_session": allow(Role.RESIDENT),
    "join_request": allow(Role.RESIDENT),
    "leave_request": allow(*Role),
    "pick_up_request": allow(Role.ARRANGER, own="the host of the session"),
    "withdraw_request": allow(*Role, own="who asked"),
    "list_own_requests": allow(*Role),
    "keep_officer_profile": allow(*OFFICERS),
    "read_officer_profile": allow(*OFFICERS),
    "remove_officer_profile": allow(*Role),
    "suggest_arrangers": allow(Role.ARRANGER),
    "suggest_requests": allow(Role.ARRANGER),
}

HANGS_UP = allow(Role.ARRANGER, Role.OPERATOR)
"""Whose posters carry a code that says one is there. Anyone may read a poster; nobody is refused one."""
