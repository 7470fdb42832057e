"""Who may do what; whatever is not in this table is public and only reads."""

from dorpsplein.identity import Role, allow

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
}
