"""`dead-letters`: events that a service could not handle, looked at and handed in again through its operator API."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import httpx
import typer
from rich.console import Console

from dorpsplein_local.client import api, running, token_of
from dorpsplein_local.commands.options import Data
from dorpsplein_local.errors import CannotRun

PERSON = "otto"
A_PAGE = 100

app = typer.Typer(no_args_is_help=True)

Letter = dict[str, Any]
Answer = TypeVar("Answer")


@app.callback()
def dead_letters() -> None:
    """Events that could not be handled."""


@app.command("list")
def list_letters(
    data: Data,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    replayed: Annotated[bool, typer.Option("--replayed", help="Those that were replayed too.")] = False,
) -> None:
    """List the dead letters of every service, newest first."""
    found = _with_services(data, lambda services: services.letters(replayed=replayed))
    if as_json:
        Console().print_json(data=found)
        return
    if not found:
        print("There are no dead letters.")
        return
    console = Console()
    for letter in found:
        record = f"{letter['topic']}:{letter['partition']}:{letter['offset']}"
        console.print(
            f"[bold]{letter['id']}[/] {letter['parkedAt'][:19]} {letter['consumer']} {record}", soft_wrap=True
        )
        console.print(f"    {letter['reason']}", markup=False, highlight=False, soft_wrap=True)


@app.command()
def show(data: Data, letter: Annotated[UUID, typer.Argument(metavar="ID", show_default=False)]) -> None:
    """Show one dead letter whole."""
    _, found = _with_services(data, lambda services: services.find(letter))
    Console().print_json(data=found)


@app.command()
def replay(
    data: Data,
    letter: Annotated[UUID | None, typer.Argument(metavar="ID", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="Every dead letter, oldest first.")] = False,
) -> None:
    """Hand a dead letter to its consumer again; exit code 1 when one is refused again and stays."""
    if (letter is None) is not every:
        raise CannotRun("Give either the ID of a dead letter or --all.")
    outcomes = _with_services(data, lambda services: services.replay(letter))
    for one, refusal in outcomes:
        print(f"{one} {f'stays: {refusal}' if refusal else 'was handled'}")
    if not outcomes:
        print("There are no dead letters.")
    raise typer.Exit(int(any(refusal for _, refusal in outcomes)))


class _Services:
    """The operator API of every service of the run."""

    def __init__(self, client: httpx.AsyncClient, bases: dict[str, str]) -> None:
        self._client = client
        self._bases = bases

    async def letters(self, *, replayed: bool = False) -> list[Letter]:
        """The dead letters of all services, newest first."""
        found = [letter for service in self._bases for letter in await self._of(service, replayed)]
        return sorted(found, key=lambda letter: letter["parkedAt"], reverse=True)

    async def _of(self, service: str, replayed: bool) -> list[Letter]:
        found: list[Letter] = []
        page: dict[str, Any] = {"limit": A_PAGE, "replayed": str(replayed).lower()}
        while True:
            answer = await self._client.get(f"{self._bases[service]}/dead-letters", params=page)
            items = _accepted(answer, service)["items"]
            found += [{"service": service, **item} for item in items]
            if len(items) < A_PAGE:
                return found
            page["before"] = items[-1]["id"]

    async def find(self, letter: UUID) -> tuple[str, Letter]:
        """A dead letter and the service that keeps it. Raises CannotRun where none does."""
        for service, base in self._bases.items():
            answer = await self._client.get(f"{base}/dead-letters/{letter}")
            if answer.status_code != httpx.codes.NOT_FOUND:
                return service, {"service": service, **_accepted(answer, service)}
        raise CannotRun(f"No service has a dead letter {letter}; see `./dorpsplein dead-letters list`.")

    async def replay(self, letter: UUID | None) -> list[tuple[str, str]]:
        """Replay one dead letter or all; returns for each its id and why it was refused (or nothing)."""
        chosen = [(await self.find(letter))[1]] if letter is not None else (await self.letters())[::-1]
        return [(one["id"], await self._replay(one)) for one in chosen]

    async def _replay(self, letter: Letter) -> str:
        service = letter["service"]
        answer = await self._client.post(f"{self._bases[service]}/dead-letters/{letter['id']}/replay")
        if answer.status_code in {httpx.codes.UNPROCESSABLE_ENTITY, httpx.codes.CONFLICT}:
            problem = answer.json()
            return str(problem.get("detail") or problem["code"])
        _accepted(answer, service)
        return ""


def _accepted(answer: httpx.Response, service: str) -> Any:
    if answer.is_success:
        return answer.json()
    raise CannotRun(f"{service} answered {answer.status_code}: {answer.text[:300]}")


def _with_services(data: Path, work: Callable[[_Services], Awaitable[Answer]]) -> Answer:
    """Do some work with the services of the run, as its operator. Raises CannotRun while one is away."""
    state = running(data)

    async def run() -> Answer:
        headers = {"Authorization": f"Bearer {token_of(PERSON, data)}"}
        async with httpx.AsyncClient(headers=headers, timeout=60) as client:
            return await work(_Services(client, {service: api(state, service) for service in state.apis}))

    try:
        return asyncio.run(run())
    except httpx.TransportError as fault:
        raise CannotRun(f"The gateway {state.gateway} does not answer: {fault}; see `./dorpsplein status`.") from fault
