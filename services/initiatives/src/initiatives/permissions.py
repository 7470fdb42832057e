"""Who may do what in this service, by the names of its routes. Any other route reads public facts, without login."""

from dorpsplein.identity import Permission, Role, allow

PERMISSIONS: dict[str, Permission] = {
    "propose": allow(Role.RESIDENT),
    "edit": allow(Role.RESIDENT, Role.SERVICE, Role.OPERATOR, own="the initiator"),
    "withdraw": allow(Role.RESIDENT, Role.SERVICE, Role.OPERATOR, own="the initiator"),
    "give_support": allow(Role.RESIDENT, own="the supporter"),
    "take_support_back": allow(Role.RESIDENT, own="the supporter"),
    "choose_name": allow(*Role, own="the person"),
    "import_initiatives": allow(Role.SERVICE, Role.OPERATOR),
    "import_supports": allow(Role.SERVICE, Role.OPERATOR),
}
