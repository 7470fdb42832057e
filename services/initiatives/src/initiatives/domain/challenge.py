"""The right to challenge (uitdaagrecht): residents offer to take over a task of the municipality.

It is a kind of initiative with questions of its own, which stand open to everyone with their answers. Its threshold,
life and tone are those of any initiative: the municipality responds, and gives no verdict.
"""

from collections.abc import Mapping

from dorpsplein.errors import Refused

INITIATIVE = "initiative"
CHALLENGE = "challenge"
KINDS = (INITIATIVE, CHALLENGE)

QUESTIONS: Mapping[str, tuple[str, str]] = {
    "task": (
        "Welke taak van de gemeente willen jullie overnemen?",
        "Which task of the municipality do you want to take over?",
    ),
    "better": (
        "Waarom kunnen jullie dit beter, slimmer of anders?",
        "Why can you do this better, smarter or in another way?",
    ),
    "community": (
        "Wie in de buurt doet mee, en hoe is iedereen gehoord?",
        "Who in the community takes part, and how was everybody heard?",
    ),
    "means": (
        "Wat kost het, en welk deel van de middelen van de gemeente hoort daarbij?",
        "What does it cost, and which part of the municipality's means goes with it?",
    ),
    "continuity": (
        "Hoe blijft het goed gaan als mensen stoppen?",
        "How does it keep going well when people stop?",
    ),
}
"""The questions of a challenge by code, in Dutch and in English."""


def refuse_unanswered(kind: str, answers: Mapping[str, str]) -> None:
    """Raises Refused("questions-open"), naming them, ("question-unknown"), or ("not-a-challenge")."""
    if kind == INITIATIVE:
        if answers:
            raise Refused("not-a-challenge", "Only a challenge has questions to answer.")
        return
    if unknown := sorted(set(answers) - set(QUESTIONS)):
        raise Refused("question-unknown", f"A challenge does not ask {', '.join(unknown)}.")
    if missing := [code for code in QUESTIONS if not answers.get(code)]:
        raise Refused("questions-open", f"Answer these questions too: {', '.join(missing)}.", questions=missing)
