"""The local run's mailbox: a real SMTP server that keeps what it is sent, and the page that shows it."""

import asyncio
import hashlib
import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import escape

import asyncpg
from aiosmtpd.smtp import SMTP, Envelope, Session

from dorpsplein.database import Database
from dorpsplein.errors import Transient
from notifications.storage import mails

STYLE = "body{font:1rem/1.5 system-ui;max-width:45rem;margin:2rem auto;padding:0 1rem}pre{white-space:pre-wrap}"
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""What our few pages may do: look as they do, and send their own form."""

logging.getLogger("mail.log").setLevel(logging.ERROR)


class _Keeper:
    """Takes every message in, for whoever it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        part = message.get_body(("plain",))
        body = part.get_content() if part else ""
        try:
            async with self._database.transaction() as tx:
                subject = str(message["Subject"] or "")
                await mails.keep_local(tx, list(envelope.rcpt_tos), subject.replace("\0", ""), body.replace("\0", ""))
        except Transient as fault:
            return f"451 {fault}"
        return "250 kept"


@asynccontextmanager
async def local_server(database: Database) -> AsyncIterator[tuple[str, int]]:
    """Run the SMTP server on a free port of this machine; gives its host and port."""
    loop = asyncio.get_running_loop()
    keeper = _Keeper(database)
    server = await loop.create_server(lambda: SMTP(keeper, hostname="localhost", loop=loop), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[:2]
    finally:
        server.close()


def document(title: str, body: str) -> str:
    """A whole page; `body` is HTML."""
    return (
        '<!doctype html><html lang="nl"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )


def page(kept: Sequence[asyncpg.Record]) -> str:
    """The inbox as a page, newest first; everything in it is text."""
    letters = "".join(
        f"<article><h2>{escape(mail['subject'])}</h2>"
        f"<p>Aan {escape(', '.join(mail['recipients']))}, {mail['at']:%d-%m-%Y %H:%M:%S} UTC</p>"
        f"<pre>{escape(mail['body'])}</pre></article>"
        for mail in kept
    )
    return document("Inbox van de lokale omgeving", letters or "<p>Er is nog geen mail.</p>")
