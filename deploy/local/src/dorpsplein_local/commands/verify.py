"""`verify`: what a receipt of the ledger, or of a support, proves; worked out on this machine alone."""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from dorpsplein_local.errors import CannotRun
from dorpsplein_local.receipt_check import Proven, check
from dorpsplein_local.receipt_documents import Keys, ReadHead, Receipt, Transfer, read
from dorpsplein_local.support_check import SupportProof, is_of_a_support, refuse_unless_counted
from funding.domain.checkpoints import ED25519, Key

NOTE_KEY = re.compile(r"(?P<origin>[^\s+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>\S+)")
UNVOUCHED = "NOBODY VOUCHES FOR THE KEY: it came with the receipt."
ROOT_UNVOUCHED = "NOBODY VOUCHES FOR THE ROOT: it came with the proof."
COMPARE = (
    "So far this shows that the receipt is whole, not who made it. "
    "Compare the key with one you got another way, and give that:"
)

app = typer.Typer()


@app.command()
def verify(
    file: Annotated[
        Path, typer.Argument(help="From /pledges/{id}/receipt, or /supports/{id}/proof.", show_default=False)
    ],
    key: Annotated[str, typer.Option(help="The key you trust: base64, a `name+id+key` line, or a file.")] = "",
    head: Annotated[Path | None, typer.Option(help="A tree head you kept from before.", show_default=False)] = None,
    root: Annotated[str, typer.Option(help="Of a support: the root that was published at the close.")] = "",
) -> None:
    """Verify a receipt without any server; exit code 1 and one sentence where anything does not hold."""
    if is_of_a_support(_bytes(file)):
        _verify_support(file, root)
        return
    receipt = read(_bytes(file), Receipt, str(file))
    trusted = _trusted(key) if key else []
    earlier = read(_bytes(head), ReadHead, str(head)) if head else None
    proven = check(receipt, trusted, earlier)
    console = Console(highlight=False, soft_wrap=True)
    for line in _told(receipt, proven, earlier):
        console.print(line)
    if not trusted:
        console.print(f"[bold yellow]⚠ {UNVOUCHED}[/] {COMPARE} --key {escape(receipt.key.note_key)}")


def _verify_support(file: Path, root: str) -> None:
    proof = read(_bytes(file), SupportProof, str(file))
    refuse_unless_counted(proof, root)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[green]✓[/] support {proof.support_id}, change {proof.sequence} of it, is one of {proof.size}")
    console.print(f"Counted for initiative {proof.initiative_id} at the close, {proof.closed_at:%Y-%m-%d %H:%M} UTC")
    console.print(f"Root {proof.root.hex()}")
    if not root:
        console.print(
            f"[bold yellow]⚠ {ROOT_UNVOUCHED}[/] The fact SupportClosed of this initiative names it in public; "
            f"compare, and give it: --root {proof.root.hex()}"
        )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise CannotRun(f"{path} cannot be read: {fault.strerror or fault}.") from fault


def _trusted(given: str) -> list[Key]:
    """The keys to be trusted, from a file or as they are given. Raises CannotRun."""
    path = Path(given)
    text = _bytes(path).decode(errors="replace").strip() if len(given) < 4096 and path.is_file() else given.strip()
    if text.startswith("{"):
        return [one.key for one in read(text.encode(), Keys, str(path)).items]
    try:
        line = NOTE_KEY.fullmatch(text)
        public = b64decode(line["key"] if line else text, validate=True)
    except (Error, ValueError):
        public = b""
    if line and public[:1] == ED25519 and (key := Key(line["origin"], public[1:])).id == line["id"]:
        return [key]
    if line is None and len(public) == 32:
        return [Key("", public)]
    raise CannotRun("--key is no file and no key: give 32 bytes in base64, or a line such as name+0123abcd+AbCd….")


def _told(receipt: Receipt, proven: Proven, earlier: ReadHead | None) -> Iterator[str]:
    """Lines about what was proven, and nothing else."""
    head = receipt.head
    yield f"[green]✓[/] {len(receipt.entries)} leaves are in the tree of {head.size} leaves, root {head.root.hex()}"
    yield f"[green]✓[/] signed by {escape(head.origin)} with the key {receipt.key.key.id}"
    if earlier:
        yield f"[green]✓[/] this tree goes on from the one of {earlier.size} leaves that you kept: nothing was changed"
    yield f"Pledge {receipt.pledge_id}"
    for one in proven.transfers:
        source, target = (_account(account, proven) for account in (one.debit, one.credit))
        what = f"  {one.at:%Y-%m-%d %H:%M} UTC  {_amount(one.amount, one.resource)}  {one.kind}: {source} → {target}"
        yield f"{escape(what)}; [bold]{escape(_state(one, proven))}[/]"
    yield f"This is how it stood with {head.size} leaves; what came after is in a later receipt."


def _account(account: str, proven: Proven) -> str:
    kind, _, rest = account.partition(":")
    match kind:
        case "party" | "returned" if account in proven.owners:
            return f"{'back to ' if kind == 'returned' else ''}you ({proven.owners[account]}, as its salt shows)"
        case "party" | "returned" if re.fullmatch("[0-9a-f]{64}", rest):
            return f"{'back to ' if kind == 'returned' else ''}a person, hidden as {rest[:12]}…"
        case "party":
            return rest
        case "pot":
            return f"pot line {rest.rpartition(':')[2]}"
        case "escrow":
            return f"initiative {rest}"
        case "delivered":
            return f"what initiative {rest} really got"
    return account


def _amount(amount: int, resource: str) -> str:
    kind, _, what = resource.partition("/")
    match kind:
        case "EUR":
            return f"EUR {amount // 100}.{amount % 100:02}"
        case "TIME" | "SLOT":
            return f"{amount // 60} h {amount % 60:02} min of {what}"
        case "MAT":
            return f"{amount} of {what}"
    return f"{amount} {resource}"


def _state(one: Transfer, proven: Proven) -> str:
    if not one.pending:
        return "done at once"
    resolved = proven.resolutions.get(one.id)
    if resolved is None:
        return "held"
    when = f"on {resolved.at:%Y-%m-%d %H:%M} UTC"
    if resolved.outcome != "posted":
        return f"{'lapsed' if resolved.outcome == 'expired' else 'given back'} {when}"
    if resolved.amount < one.amount:
        rest = _amount(one.amount - resolved.amount, one.resource)
        return f"{_amount(resolved.amount, one.resource)} made good {when}, {rest} given back"
    return f"made good {when}"
