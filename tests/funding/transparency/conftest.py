"""A log that is written when a test says so."""

import json
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import pytest
from tests.funding.conftest import Funding
from tests.support import login

from dorpsplein import merkle
from funding.commands.transparency import sign_what_waits, signer_of
from funding.domain.checkpoints import Head, Key, Signer
from funding.settings import FundingSettings


@dataclass
class Log:
    """The log as a test writes and reads it."""

    funding: Funding

    @property
    def signer(self) -> Signer:
        settings = self.funding.runtime.settings
        assert isinstance(settings, FundingSettings)
        return signer_of(settings)

    async def write(self, **how: Any) -> int:
        return await sign_what_waits(self.funding.runtime.database, self.signer, self.funding.now, **how)

    async def head(self) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.funding.get("/ledger/tree-head")).json()
        return answer

    async def leaves(self) -> list[bytes]:
        """Every leaf, as anyone can copy them."""
        leaves: list[bytes] = []
        while True:
            page = (await self.funding.get("/ledger/entries", start=len(leaves), limit=7)).json()
            assert [one["index"] for one in page["items"]] == list(range(len(leaves), len(leaves) + len(page["items"])))
            leaves += [b64decode(one["leaf"]) for one in page["items"]]
            if page["next"] is None:
                return leaves

    async def receipt(self, pledge: str, by: str = "", **query: Any) -> dict[str, Any]:
        answer = await self.funding.client.get(
            f"/pledges/{pledge}/receipt", params=query, headers=login(by) if by else {}
        )
        assert answer.status_code == 200, answer.text
        receipt: dict[str, Any] = answer.json()
        return receipt


def holds(head: dict[str, Any], key: dict[str, Any]) -> bool:
    """Whether a head as it is shown was signed by a key as it is shown."""
    public = Key(key["origin"], b64decode(key["publicKey"]))
    signed = Head(head["origin"], head["size"], bytes.fromhex(head["root"]))
    return public.id == head["keyId"] and public.verifies(signed, b64decode(head["signature"]))


def proven(entry: dict[str, Any], head: dict[str, Any]) -> bool:
    """Whether an entry of a receipt is in the tree of a head."""
    leaf, path = merkle.leaf_hash(b64decode(entry["leaf"])), [bytes.fromhex(one) for one in entry["proof"]]
    return merkle.verify_inclusion(leaf, entry["index"], head["size"], path, bytes.fromhex(head["root"]))


def said(entry: dict[str, Any]) -> dict[str, Any]:
    """What the leaf of an entry says."""
    document: dict[str, Any] = json.loads(b64decode(entry["leaf"]))
    return document


@pytest.fixture
async def log(funding: Funding) -> Log:
    return Log(funding)
