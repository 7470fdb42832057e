"""The outcome of a rule on an election, for someone who looks after the money."""

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from dorpsplein_local.allocations import Outcome
from dorpsplein_local.vote_plan import euros
from funding.domain import rules
from funding.domain.rules import Allocation
from funding.domain.rules.counting import scores


def money(cents: int, currency: str) -> str:
    """An amount the Dutch way, with its currency."""
    return euros(cents) if currency == "EUR" else euros(cents).replace("€", currency)


def show(outcome: Outcome, console: Console) -> None:
    """Print who gets what, paid by how many, and why others do not."""
    allocation = outcome.allocation
    numbers = ("votes", "cost", "paid by") if outcome.rule.family == "counting" else ("votes", "cost", "gets")
    table = Table(
        "",
        Column("project", ratio=3),
        *(Column(name, justify="right", no_wrap=True) for name in numbers),
        Column("why not", ratio=2),
        title=_title(outcome),
        title_justify="left",
    )
    for place, (candidate, one) in enumerate(allocation.lines, 1):
        table.add_row(f"[green]{place}[/]", *_cells(outcome, candidate, one), _why_less(one))
    table.add_section()
    for candidate, one in allocation.left_out:
        table.add_row("[dim]·[/]", *_cells(outcome, candidate, one), rules.TEXTS[one.reasons[-1].code])
    console.print(table)
    _show_sums(outcome, console)


def _title(outcome: Outcome) -> str:
    knobs = ", ".join(f"{name}={value}" for name, value in outcome.rule.knobs().items())
    return f"[bold]{escape(outcome.election.meta.get('description', ''))}[/] by {outcome.rule.name} ({escape(knobs)})"


def _cells(outcome: Outcome, candidate: str, one: Allocation) -> tuple[str, ...]:
    (project,) = (project for project in outcome.election.projects if project.id == candidate)
    payers = sum(payment.voters for payment in outcome.allocation.payments if payment.candidate == candidate)
    gets = money(one.cents, outcome.currency) if one.cents else ""
    return (
        escape(f"{project.id}  {project.name}"),
        f"{_votes(outcome)[candidate]:,}",
        money(project.cost_cents, outcome.currency),
        gets if outcome.rule.family != "counting" else f"{payers:,} voters" if payers else "",
    )


def _votes(outcome: Outcome) -> dict[str, int]:
    if outcome.snapshot.ballots:
        return scores(outcome.snapshot)
    votes = {candidate.id: 0 for candidate in outcome.snapshot.candidates}
    for gift in outcome.snapshot.gifts:
        votes[gift.candidate] += 1
    return votes


def _why_less(one: Allocation) -> str:
    """What was taken off, where something was."""
    return "; ".join(rules.TEXTS[reason.code] for reason in one.reasons if reason.cents < 0 and not reason.pot_line)


def _show_sums(outcome: Outcome, console: Console) -> None:
    allocation, budget = outcome.allocation, outcome.snapshot.budget
    given, left = (money(cents, outcome.currency) for cents in (allocation.cents, budget - allocation.cents))
    console.print(
        f"{len(allocation.lines)} of {len(outcome.snapshot.candidates)} get {given}; {left} is left of the "
        f"budget of {money(budget, outcome.currency)}.",
        highlight=False,
    )
    withdrawn = len(outcome.election.projects) - len(outcome.snapshot.candidates)
    if withdrawn:
        console.print(f"{withdrawn} projects were withdrawn and are left out.", highlight=False)
    for group in allocation.unresolved_ties:
        console.print(
            f"[yellow]![/] Only a draw can choose between {escape(', '.join(group))}, so this outcome is not final; "
            "give the draw's seed with --seed.",
            highlight=False,
        )
    version = rules.version(outcome.rule)
    console.print(f"[dim]rule version {version}\ninput digest {outcome.snapshot.digest(version)}[/]", highlight=False)


def show_difference(outcome: Outcome, compared: dict[str, list[str]], console: Console) -> None:
    """Print the published winners beside ours, by name."""
    names = {project.id: project.name for project in outcome.election.projects}
    table = Table("project", "published", "ours", title="Published winners beside ours", title_justify="left")
    for project in sorted({*compared["published"], *outcome.winners}):
        marks = ("✓" if project in which else "" for which in (compared["published"], outcome.winners))
        differs = project in compared["only_ours"] or project in compared["only_published"]
        table.add_row(escape(f"{project}  {names[project]}"), *marks, style="yellow" if differs else "")
    console.print(table)
    number = len(compared["only_ours"]) + len(compared["only_published"])
    console.print("[green]✓[/] The same winners." if not number else f"[yellow]![/] {number} projects differ.")
