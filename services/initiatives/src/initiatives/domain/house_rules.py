"""The published rules by which something may be taken from view. A closed list; an opinion is in none of them."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum

from dorpsplein.errors import Forbidden
from dorpsplein.identity import Role


class Rule(StrEnum):
    """What is not shown here. The codes stand in facts that are kept for ever."""

    INSULT_OR_HATE = "insult-or-hate"
    THREAT = "threat"
    PRIVATE_DATA_OF_OTHERS = "private-data-of-others"
    ILLEGAL = "illegal"
    SPAM = "spam"
    NOT_ABOUT_THE_COMMUNITY = "not-about-the-community"


@dataclass(frozen=True, slots=True)
class HouseRule:
    """A rule as people read it."""

    nl: str
    en: str


HOUSE_RULES: Mapping[Rule, HouseRule] = {
    Rule.INSULT_OR_HATE: HouseRule(
        "Beledigt iemand, of zet aan tot haat tegen mensen om wie zij zijn.",
        "Insults someone, or stirs up hatred of people for who they are.",
    ),
    Rule.THREAT: HouseRule(
        "Bedreigt iemand, of roept op tot geweld.",
        "Threatens someone, or calls for violence.",
    ),
    Rule.PRIVATE_DATA_OF_OTHERS: HouseRule(
        "Vertelt zonder toestemming persoonlijke gegevens van een ander, zoals een adres of iets over de gezondheid.",
        "Gives away someone else's personal data without their consent, such as an address or their health.",
    ),
    Rule.ILLEGAL: HouseRule("Is strafbaar, of mag om een andere wet niet openbaar zijn.", "Is against the law."),
    Rule.SPAM: HouseRule(
        "Is reclame, of staat er steeds opnieuw.",
        "Is advertising, or is there over and over again.",
    ),
    Rule.NOT_ABOUT_THE_COMMUNITY: HouseRule(
        "Gaat niet over de gemeenschap hier. Wie er anders over denkt, hoort er wel bij.",
        "Is not about the community here. Whoever thinks otherwise about it does belong.",
    ),
}
OF_OPERATOR = frozenset({Rule.ILLEGAL, Rule.PRIVATE_DATA_OF_OTHERS})
"""What cannot wait for the community panel: an operator may decide by these rules too."""


def refuse_rule(rule: Rule, roles: Set[Role]) -> None:
    """Raises Forbidden("rule-not-yours") for who is not in the community panel and may not decide by this rule."""
    if Role.PANEL not in roles and rule not in OF_OPERATOR:
        yours = ", ".join(sorted(OF_OPERATOR))
        raise Forbidden("rule-not-yours", f"The community panel decides by this rule; an operator by these: {yours}.")
