"""Signed tree heads: what the log says its tree is, as a note that anyone can check.

A head is written as a checkpoint (C2SP tlog-checkpoint) inside a signed note (C2SP signed-note, c2sp.org): three
lines with the log's origin, the number of leaves and the root in base64, an empty line, and a line with the name and
the signature of the key, which here has the log's origin for its name. The signature is Ed25519 (RFC 8032).
"""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid5

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from dorpsplein.contracts.funding.transparency import TreeHeadSigned
from dorpsplein.settings import NAMESPACE

LOG = uuid5(NAMESPACE, "funding/log")
"""The id of the log in its events."""
ED25519 = b"\1"
"""The type of signature, as a signed note writes it before a public key."""


@dataclass(frozen=True, slots=True)
class Head:
    """The tree as it is with `size` leaves."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> bytes:
        """The text that is signed: every byte of it counts."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n".encode()


@dataclass(frozen=True, slots=True)
class Key:
    """A public key of the log, under the log's origin as its name."""

    origin: str
    public: bytes

    @property
    def id(self) -> str:
        """The first 4 bytes, in hex, of SHA-256 over name, type and key."""
        return hashlib.sha256(self.origin.encode() + b"\n" + ED25519 + self.public).hexdigest()[:8]

    @property
    def text(self) -> str:
        """The key as one line that tools for signed notes take (`name+id+key`)."""
        return f"{self.origin}+{self.id}+{b64encode(ED25519 + self.public).decode()}"

    def verifies(self, head: Head, signature: bytes) -> bool:
        """Whether this key signed the head, and the head is of its log."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, head.text)
        except (InvalidSignature, ValueError):
            return False
        return head.origin == self.origin


@dataclass(frozen=True, slots=True)
class Signer:
    """The log's private key, from a seed of 32 bytes."""

    origin: str
    seed: bytes

    @property
    def key(self) -> Key:
        """The public half."""
        return Key(self.origin, self._private().public_key().public_bytes_raw())

    def sign(self, head: Head) -> bytes:
        """The signature of a head: 64 bytes, the same for the same head."""
        return self._private().sign(head.text)

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head with its signature: the log's statement number `version`, made at a time that is not signed."""

    head: Head
    key: Key
    signature: bytes
    at: datetime
    version: int

    @property
    def note(self) -> str:
        """The head with its signature, as a signed note."""
        signature = b64encode(bytes.fromhex(self.key.id) + self.signature).decode()
        return f"{self.head.text.decode()}\n— {self.key.origin} {signature}\n"


def sign(signer: Signer, size: int, root: bytes, at: datetime, after: SignedHead | None) -> SignedHead:
    """Sign the tree as it is now, after the head before; no head's time is before that of an earlier one."""
    head = Head(signer.origin, size, root)
    when = max(at, after.at) if after else at
    return SignedHead(head, signer.key, signer.sign(head), when, after.version + 1 if after else 1)


def signed(head: SignedHead) -> TreeHeadSigned:
    """The event that tells of a head."""
    return TreeHeadSigned(
        log_id=LOG,
        origin=head.head.origin,
        size=head.head.size,
        root=head.head.root.hex(),
        at=head.at,
        key_id=head.key.id,
        signature=b64encode(head.signature).decode(),
    )
