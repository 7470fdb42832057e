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
    "withdraw_pledge": allow(Role.RESIDENT, Role.COFINANCIER, own="its pledger"),
    "audit_ledger": allow(Role.OPERATOR),
}
