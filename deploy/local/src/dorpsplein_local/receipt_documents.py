"""The documents of the transparency log as they are read from a file: a receipt, a head, a key, a leaf."""

import json
from base64 import b64decode, b64encode
from binascii import Error
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from dorpsplein import merkle
from dorpsplein_local.errors import CannotRun
from funding.domain.checkpoints import Head, Key

MOST_BYTES = 50_000_000


class _Read(BaseModel):
    """Part of a document as it is read: unknown fields are passed by."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_alias=True)


def _base64(text: Any) -> bytes:
    try:
        value = b64decode(text, validate=True)
    except (Error, ValueError, TypeError) as fault:
        raise ValueError("is not base64") from fault
    if b64encode(value).decode() != text:
        raise ValueError("is not base64 as it should be written")
    return value


def _hex(text: Any) -> bytes:
    try:
        value = bytes.fromhex(text)
    except (ValueError, TypeError) as fault:
        raise ValueError("is not hexadecimal") from fault
    if value.hex() != text or len(value) != merkle.HASH_BYTES:
        raise ValueError("is not a hash of 64 small hexadecimal digits")
    return value


Binary = Annotated[bytes, BeforeValidator(_base64)]
Hash = Annotated[bytes, BeforeValidator(_hex)]
Plain = Annotated[str, StringConstraints(strict=True, pattern=r"^[!-~]+$", max_length=500)]
"""Text of visible ASCII characters: nothing that could act on a terminal."""
Count = Annotated[int, Field(strict=True, ge=0, lt=2**63)]


class ReadKey(_Read):
    """A public key of the log."""

    origin: Plain
    key_id: Plain
    public_key: Binary
    note_key: Plain

    @property
    def key(self) -> Key:
        """The key, with its id worked out anew."""
        return Key(self.origin, self.public_key)


class Keys(_Read):
    """One key, or all there ever were, as the log shows them."""

    items: list[ReadKey]

    @model_validator(mode="before")
    @classmethod
    def _one_is_some(cls, given: Any) -> Any:
        return {"items": [given]} if isinstance(given, dict) and "items" not in given else given


class ReadHead(_Read):
    """A signed tree head."""

    origin: Plain
    size: Count
    root: Hash
    key_id: Plain
    signature: Binary

    def refuse_unless_signed_by(self, key: Key, which: str) -> None:
        """Raises CannotRun where the key did not sign this head."""
        if self.key_id != key.id:
            raise CannotRun(f"{which} names the key {self.key_id}, and the key that is trusted is {key.id}.")
        if not key.verifies(Head(self.origin, self.size, self.root), self.signature):
            raise CannotRun(f"The signature of {which} does not hold: its origin, size, root or signature was changed.")


class Entry(_Read):
    """A leaf with its inclusion proof."""

    index: Count
    leaf: Binary
    proof: list[Hash]


class Consistency(_Read):
    """The proof that a tree goes on from an earlier one."""

    earlier: Count = Field(alias="from")
    to: Count
    proof: list[Hash]


class Opening(_Read):
    """What shows whose account a commitment stands for."""

    transfer_id: UUID
    account: Plain
    salt: Binary


class Receipt(_Read):
    """All that the log has of a pledge."""

    pledge_id: UUID
    entries: list[Entry] = Field(min_length=1)
    head: ReadHead
    key: ReadKey
    consistency: Consistency | None = None
    openings: list[Opening] = []


class Transfer(_Read):
    """What the leaf of a transfer says."""

    type: Literal["transfer"]
    id: UUID
    group: UUID
    kind: Plain
    resource: Plain
    debit: Plain
    credit: Plain
    amount: Count
    pending: bool
    at: datetime


class Resolution(_Read):
    """What the leaf of a resolution says."""

    type: Literal["resolution"]
    transfer: UUID
    outcome: Plain
    amount: Count
    at: datetime


LEAF: TypeAdapter[Transfer | Resolution] = TypeAdapter(Annotated[Transfer | Resolution, Field(discriminator="type")])
"""What a leaf may say."""

T = TypeVar("T", bound=BaseModel)


def read(text: bytes, kind: type[T], name: str) -> T:
    """A document of a kind, read from JSON. Raises CannotRun with the first thing that is wrong."""
    if len(text) > MOST_BYTES:
        raise CannotRun(f"{name} is too large to be what it should be.")
    try:
        return kind.model_validate(json.loads(text))
    except ValidationError as fault:
        first = fault.errors()[0]
        place = "/".join(map(str, first["loc"]))
        raise CannotRun(f"{name} is not complete or not readable: {place}: {first['msg']}.") from fault
    except (ValueError, RecursionError) as fault:
        raise CannotRun(f"{name} is not JSON: {fault}.") from fault
