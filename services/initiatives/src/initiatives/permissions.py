"""Who may do what in this service. What is not here needs no login: it reads public facts."""

from dorpsplein.identity import Permission, Role, allow

PERMISSIONS: dict[str, Permission] = {
    "propose": allow(Role.RESIDENT),
    "edit": allow(Role.RESIDENT, Role.SERVICE, Role.OPERATOR, own="the initiator"),
    "withdraw": allow(Role.RESIDENT, Role.SERVICE, Role.OPERATOR, own="the initiator"),
    "give-support": allow(Role.RESIDENT, own="the supporter"),
    "take-support-back": allow(Role.RESIDENT, own="the supporter"),
    "choose-name": allow(*Role, own="the person"),
    "import-initiatives": allow(Role.SERVICE, Role.OPERATOR),
    "import-supports": allow(Role.SERVICE, Role.OPERATOR),
}
