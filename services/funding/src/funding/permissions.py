"""Who may do what; whatever is not in this table is public and only reads."""

from dorpsplein.identity import Role, allow

PERMISSIONS = {
    "open_fund": allow(Role.COFINANCIER, Role.OPERATOR, Role.SERVICE),
    "open_round": allow(Role.COFINANCIER, Role.OPERATOR, Role.SERVICE),
    "add_pot_line": allow(Role.COFINANCIER, Role.OPERATOR, Role.SERVICE),
    "close_round": allow(
        Role.COFINANCIER, Role.OPERATOR, Role.SERVICE, own="a co-financier closes only a round it opened"
    ),
    "make_pledge": allow(Role.RESIDENT, Role.COFINANCIER),
    "ask_quote": allow(Role.RESIDENT, Role.COFINANCIER),
    "release_quote": allow(Role.RESIDENT, Role.COFINANCIER, own="who asked for it"),
    "set_needs": allow(Role.RESIDENT, Role.ARRANGER, own="who started the initiative"),
    "list_deliveries": allow(*Role, own="who pledged, who started the initiative, and operators see the evidence"),
    "record_delivery": allow(Role.RESIDENT, Role.ARRANGER, Role.OPERATOR, own="who started the initiative"),
    "lapse_pledge": allow(Role.RESIDENT, Role.ARRANGER, Role.OPERATOR, own="who started the initiative"),
    "withdraw_pledge": allow(Role.RESIDENT, Role.COFINANCIER, own="its pledger"),
    "audit_ledger": allow(Role.OPERATOR),
    "set_bank_account": allow(Role.RESIDENT, Role.SERVICE, Role.OPERATOR, own="its initiator"),
    "read_bank_account": allow(
        Role.RESIDENT, Role.SERVICE, Role.TREASURER, Role.OPERATOR, own="its initiator, or who pays"
    ),
    "erase_bank_account": allow(
        Role.RESIDENT, Role.SERVICE, Role.TREASURER, Role.OPERATOR, own="its initiator, or who pays"
    ),
    "order_payout": allow(Role.TREASURER),
    "cancel_payout": allow(Role.TREASURER),
    "list_payouts": allow(Role.TREASURER, Role.OPERATOR),
    "make_payout_batch": allow(Role.TREASURER),
    "download_payout_batch": allow(Role.TREASURER),
    "take_in_statement": allow(Role.TREASURER),
    "read_statement": allow(Role.TREASURER, Role.OPERATOR),
    "load_election": allow(Role.OPERATOR, Role.SERVICE),
    "count_election": allow(Role.OPERATOR, Role.SERVICE),
    "count_round": allow(Role.OPERATOR, Role.SERVICE),
    "hold_draw": allow(Role.OPERATOR, Role.SERVICE),
    "witness_count": allow(Role.OPERATOR, Role.SERVICE, Role.TREASURER, Role.PANEL, own="not who started the count"),
    "override_outcome": allow(Role.COUNCIL_CORE),
    "set_knob_bounds": allow(Role.COUNCIL_CORE),
    "enrol": allow(Role.RESIDENT),
    "leave_electorate": allow(Role.RESIDENT),
    "draft_knob_change": allow(Role.RESIDENT, own="who is in the electorate"),
    "simulate_knob_change": allow(Role.RESIDENT, own="who is in the electorate"),
    "open_knob_change": allow(Role.RESIDENT, own="who drafted it"),
    "cast_ballot": allow(Role.RESIDENT, own="who is on the vote's roster"),
    "withdraw_knob_change": allow(Role.RESIDENT, own="who drafted it"),
    "consent_to_knob_change": allow(Role.COUNCIL_CORE),
    "veto_knob_change": allow(Role.ALDERMAN, Role.COUNCIL_CORE),
    "pull_brake": allow(Role.PANEL, Role.TREASURER, Role.ALDERMAN, own="two people in two roles"),
    "release_brake": allow(Role.PANEL, Role.TREASURER, Role.ALDERMAN, own="two people in two roles"),
}
