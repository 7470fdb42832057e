"""The transparency log: `/ledger/tree-head` and what proves it, and the receipt of a pledge.

Hashes are in hex; leaves, salts, keys and signatures in base64.
"""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import Field

from dorpsplein import merkle
from dorpsplein.database import Transaction
from dorpsplein.errors import Invalid, NotFound, Unauthenticated
from dorpsplein.fields import View
from dorpsplein.identity import Caller, Verifier
from dorpsplein.merkle import Range
from dorpsplein.web import MOST_PAGE, Db, from_cursor, page, problem, to_cursor
from funding import storage
from funding.domain.checkpoints import Key, SignedHead
from funding.domain.receipts import is_personal

MOST_LEAVES = 1_000

router = APIRouter(tags=["transparency"])

Size = Annotated[int, Query(ge=1, le=2**53 - 1)]


class KeyView(View):
    """A public key of the log: Ed25519 under the log's origin, and as one line for tools that read signed notes."""

    origin: str
    key_id: str
    public_key: str
    note_key: str


class HeadView(View):
    """A signed tree head. What is signed is `origin`, `size` and the root in base64, each on a line of its own."""

    origin: str
    size: int
    root: str
    at: datetime
    key_id: str
    signature: str


class ConsistencyView(View):
    """The hashes (RFC 6962, 2.1.2) that show how the tree of `to` leaves goes on from that of `from` leaves."""

    from_: int = Field(alias="from")
    to: int
    proof: list[str]


class LeafView(View):
    """A leaf, exactly as it was stored."""

    index: int
    leaf: str


class EntryView(LeafView):
    """A leaf with the hashes (RFC 6962, 2.1.1) that show that it is in the tree of the receipt's head."""

    proof: list[str]


class OpeningView(View):
    """What opens a commitment in the leaf of a transfer: SHA-256 of salt and account is what follows its colon."""

    transfer_id: UUID
    account: str
    salt: str


class ReceiptView(View):
    """All that the log has of a pledge, provable without this service. Only its pledger gets `openings`."""

    pledge_id: UUID
    entries: list[EntryView]
    head: HeadView
    key: KeyView
    consistency: ConsistencyView | None
    openings: list[OpeningView]


async def _perhaps(request: Request) -> Caller | None:
    """Who is asking, where they say so; a token that does not hold is refused as anywhere."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        return None
    if scheme.lower() != "bearer":
        raise Unauthenticated("token-missing", "Send 'Authorization: Bearer <token>', or no token at all.")
    verifier: Verifier = request.app.state.verifier
    return await verifier.caller(token.strip())


Perhaps = Annotated[Caller | None, Depends(_perhaps)]


def _text(value: bytes) -> str:
    return b64encode(value).decode()


def _shown(one: SignedHead) -> HeadView:
    return HeadView(
        origin=one.head.origin,
        size=one.head.size,
        root=one.head.root.hex(),
        at=one.at,
        key_id=one.key.id,
        signature=_text(one.signature),
    )


def _key(key: Key) -> KeyView:
    return KeyView(origin=key.origin, key_id=key.id, public_key=_text(key.public), note_key=key.text)


async def _head(tx: Transaction) -> SignedHead:
    head = await storage.transparency.last_head(tx)
    if head is None:
        raise NotFound("tree-head-unknown", "Nothing is in the log yet: the first head follows the first transfer.")
    return head


@router.get("/ledger/tree-head", response_model=HeadView, responses={200: {"content": {"text/plain": {"schema": {}}}}})
async def show_tree_head(request: Request, db: Db) -> Response:
    """The newest signed head; as a signed note (C2SP tlog-checkpoint) to who accepts `text/plain` alone."""
    async with db.transaction() as tx:
        head = await _head(tx)
    if request.headers.get("accept", "").split(";")[0].strip() == "text/plain":
        return PlainTextResponse(head.note)
    return JSONResponse(_shown(head).model_dump(mode="json"))


@router.get("/ledger/tree-heads", response_model=None)
async def list_tree_heads(
    request: Request, db: Db, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=MOST_PAGE)] = 50
) -> Response:
    """Every head that was ever signed, newest first."""
    before = from_cursor(cursor, int)[0] if cursor else None
    async with db.transaction() as tx:
        heads = await storage.transparency.heads(tx, before, limit)
    following = to_cursor(heads[-1].head.size) if len(heads) == limit else None
    return page(request, [_shown(head).model_dump(mode="json") for head in heads], following)


@router.get("/ledger/public-key", response_model=None)
async def list_public_keys(request: Request, db: Db) -> Response:
    """Every key that ever signed a head, the one in use first. Keep it elsewhere, and compare it with others'."""
    async with db.transaction() as tx:
        keys = await storage.transparency.keys(tx)
    return page(request, [_key(key).model_dump() for key in keys], None)


@router.get("/ledger/consistency")
async def show_consistency(db: Db, from_: Annotated[Size, Query(alias="from")], to: Size) -> ConsistencyView:
    """The proof that the tree of `to` leaves begins with the tree of `from` leaves, so that nothing was changed."""
    async with db.transaction() as tx:
        head = await _head(tx)
        if to > head.head.size:
            raise Invalid("tree-size-unknown", f"The tree has {head.head.size} leaves; ask for `to` up to that.")
        return await _consistency(tx, from_, to)


async def _consistency(tx: Transaction, old: int, new: int) -> ConsistencyView:
    if old > new:
        raise Invalid("tree-size-unknown", f"A tree of {new} leaves does not go on from {old}; send `from` up to it.")
    [path] = await _proofs(tx, [merkle.consistency_ranges(old, new)])
    return ConsistencyView(from_=old, to=new, proof=path)


async def _proofs(tx: Transaction, wanted: Sequence[Sequence[Range]]) -> list[list[str]]:
    """The hashes of every proof, by one question to the database."""
    nodes = (node for ranges in wanted for leaves in ranges for node in merkle.subtrees(leaves))
    hashes = await storage.transparency.hashes(tx, nodes)
    return [[one.hex() for one in merkle.proof(ranges, hashes)] for ranges in wanted]


@router.get("/ledger/entries", response_model=None)
async def list_entries(
    db: Db,
    start: Annotated[int, Query(ge=0, le=2**53 - 1, description="The index of the first leaf.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_LEAVES)] = 100,
) -> Response:
    """The leaves in the order of the tree: with them anyone can build the tree again and compare its root."""
    async with db.transaction() as tx:
        rows = await storage.transparency.entries(tx, start, limit)
    items = [LeafView(index=row["index"], leaf=_text(row["leaf"])).model_dump() for row in rows]
    following = start + limit if len(rows) == limit else None
    answer = JSONResponse({"items": items, "next": following})
    if following is not None:
        answer.headers["Link"] = f'<entries?start={following}&limit={limit}>; rel="next"'
    return answer


@router.get("/pledges/{pledge_id}/receipt", response_model=ReceiptView)
async def show_receipt(
    db: Db,
    caller: Perhaps,
    pledge_id: UUID,
    from_: Annotated[
        Size | None, Query(alias="from", description="The size of an earlier head, to be shown that it still holds.")
    ] = None,
) -> Response:
    """Everything the log has of a pledge, with proofs; `./dorpsplein verify` checks it without any server.

    503 "not-yet-in-the-tree" for the second or so that a pledge waits for its place.
    """
    async with db.transaction() as tx:
        pledger = await storage.transparency.pledger(tx, pledge_id)
        if pledger is None:
            raise NotFound("pledge-unknown", f"There is no pledge {pledge_id}.")
        rows, is_whole = await storage.transparency.of_group(tx, pledge_id)
        if not rows or not is_whole:
            return problem(503, "not-yet-in-the-tree", "The pledge waits for its place in the tree; ask again.")
        owns = caller is not None and caller.id == pledger
        receipt = await _receipt(tx, pledge_id, rows, from_, await _openings(tx, pledge_id) if owns else [])
    return JSONResponse(receipt.model_dump(mode="json"))


async def _receipt(
    tx: Transaction, pledge: UUID, rows: Sequence[Any], earlier: int | None, openings: list[OpeningView]
) -> ReceiptView:
    head = await _head(tx)
    size = head.head.size
    paths = await _proofs(tx, [merkle.inclusion_ranges(row["index"], size) for row in rows])
    return ReceiptView(
        pledge_id=pledge,
        entries=[
            EntryView(index=row["index"], leaf=_text(row["leaf"]), proof=path)
            for row, path in zip(rows, paths, strict=True)
        ],
        head=_shown(head),
        key=_key(head.key),
        consistency=await _consistency(tx, earlier, size) if earlier else None,
        openings=openings,
    )


async def _openings(tx: Transaction, pledge: UUID) -> list[OpeningView]:
    return [
        OpeningView(transfer_id=row["id"], account=account, salt=_text(row["salt"]))
        for row in await storage.transparency.salts(tx, pledge)
        for account in (row["debit"], row["credit"])
        if is_personal(account)
    ]
