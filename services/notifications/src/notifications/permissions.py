"""Who may do what here. The feed and the support counts are public and stand in no table."""

from dorpsplein.identity import Permission, Role, allow

PEOPLE = tuple(role for role in Role if role is not Role.SERVICE)
SYSTEMS = (Role.SERVICE, Role.COFINANCIER, Role.OPERATOR)
OWNER = "whose subscription it is, or an operator"

PERMISSIONS: dict[str, Permission] = {
    "start-follow": allow(*PEOPLE),
    "list-follows": allow(*PEOPLE),
    "stop-follow": allow(*PEOPLE, own="who follows"),
    "read-own-feed": allow(*PEOPLE),
    "read-own-lines": allow(*PEOPLE),
    "read-address": allow(*PEOPLE),
    "set-address": allow(*PEOPLE),
    "remove-address": allow(*PEOPLE),
    "create-subscription": allow(*SYSTEMS),
    "list-subscriptions": allow(*SYSTEMS),
    "read-subscription": allow(*SYSTEMS, own=OWNER),
    "end-subscription": allow(*SYSTEMS, own=OWNER),
    "read-deliveries": allow(*SYSTEMS, own=OWNER),
    "replay-deliveries": allow(*SYSTEMS, own=OWNER),
}
