"""E-mail: what someone follows, and what they alone are told, comes to the address they gave, over SMTP.

Promise: each event is mailed to a person at least once or given up, from durable rows; a repeat has the same
Message-ID. Every mail says why it was sent. One that comes because of a follow carries a way to stop that needs no
login (RFC 8058), a notice says what ends it.
"""

import asyncio
import logging
import random
from contextlib import suppress
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy

import aiosmtplib

from dorpsplein.database import Database
from dorpsplein.errors import Transient
from dorpsplein.service import Runtime
from dorpsplein.telemetry import DELIVERIES
from notifications.domain.deliveries import Schedule
from notifications.domain.follows import Initiative, Radius, Subject, Theme
from notifications.inbox import local_server
from notifications.settings import Settings
from notifications.storage import mails
from notifications.storage.mails import Followed, Mail
from notifications.wakeups import LOG, listen

SAFETY_POLL_S = 5.0
PAUSE_WHEN_AWAY_S = 1.0
SMTP_TIMEOUT_S = 20.0
LEASE_S = 600.0
"""Longer than a whole batch of mails may take, as each is settled on its own."""
REFUSED_FOR_GOOD = range(500, 600)

log = logging.getLogger(__name__)


class _Letters(EmailPolicy):
    """As `email.policy.SMTP`, which folds a long subject with accents so that spaces in it go missing.

    Source: https://github.com/python/cpython/issues/92081, fixed in later Pythons than the oldest we run on.
    """

    def fold(self, name: str, value: str) -> str:
        """A header as it is sent."""
        if name != "Subject":
            return str(super().fold(name, value))
        return f"{name}: {Header(str(value), 'utf-8', header_name=name).encode(linesep=self.linesep)}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        """A header as it is sent, in bytes."""
        return self.fold(name, value).encode("ascii") if name == "Subject" else bytes(super().fold_binary(name, value))


LETTERS = _Letters(linesep="\r\n", cte_type="7bit")
"""Seven bits, which every server takes."""


def because(subject: Subject, title: str | None) -> str:
    """What someone follows, so that they get a mail; `title` is that of an initiative."""
    match subject:
        case Initiative():
            return f"het initiatief «{title}»"
        case Theme(code=code):
            return f"het thema {code}"
        case Radius(metres=metres):
            return f"wat er binnen {metres} meter van jouw punt gebeurt"


def compose(mail: Mail, *, sender: str, public_url: str) -> EmailMessage:
    """The message: what happened, why it comes, how to stop. What is for someone's safety cannot be stopped."""
    line = " ".join(mail.line.split())
    message = EmailMessage(policy=LETTERS)
    message["From"] = sender
    message["To"] = Address(addr_spec=mail.email)
    message["Subject"] = line
    message["Message-ID"] = f"<{mail.id}@dorpsplein>"
    message["Auto-Submitted"] = "auto-generated"
    if isinstance(mail.why, Followed):
        stop = f"{public_url}/api/notifications/v1/follows/{mail.why.follow_id}/stop?key={mail.why.stop_key}"
        message["List-Unsubscribe"] = f"<{stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        why = f"je dit volgt: {because(mail.why.subject, mail.why.title)}"
        ends = f"Niet meer volgen: {stop}\n"
    else:
        why = mail.why.because
        ends = f"{mail.why.ends}\n" if mail.why.ends else ""
    message.set_content(f"{line}.\n\nBekijk het op {public_url}\n\nJe krijgt dit bericht omdat {why}.\n{ends}")
    return message


class Postman:
    """Queues mails for news and sends those that are due, until it is cancelled."""

    def __init__(self, database: Database, settings: Settings, host: str, port: int) -> None:
        self._database = database
        self._settings = settings
        self._host, self._port = host, port
        self._schedule = Schedule(settings.first_retry_s, settings.longest_retry_s, settings.give_up_after_s)
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Work for ever. Woken by NOTIFY, or when the next retry is due.

        aiosmtplib waits by `asyncio.wait_for`, which before Python 3.12 can swallow a cancellation that comes
        together with the answer; the task's own count of them cannot be swallowed.
        """
        task = asyncio.current_task()
        ears = asyncio.create_task(listen(self._database.url, {LOG: lambda _: self._wake.set()}))
        try:
            while True:
                if task is not None and task.cancelling():
                    raise asyncio.CancelledError
                self._wake.clear()
                try:
                    next_s = await self.work_once()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(next_s):
                            await self._wake.wait()
                except Transient as fault:
                    log.warning("mails wait for the database: %s", fault)
                    await asyncio.sleep(PAUSE_WHEN_AWAY_S)
        finally:
            ears.cancel()

    async def work_once(self) -> float:
        """Look at some news and send some mails; says in how many seconds to look again."""
        async with self._database.transaction() as tx:
            news = await mails.fan_out(tx)
        async with self._database.transaction() as tx:
            due, unwanted = await mails.claim(tx, LEASE_S)
            for mail_id in unwanted:
                await mails.settle(tx, mail_id, "dropped")
            next_s = 0.0 if news or due or unwanted else await mails.next_due_s(tx)
        if due:
            await self._send_all(due)
        return SAFETY_POLL_S if next_s is None else min(next_s, SAFETY_POLL_S)

    async def _send_all(self, due: list[Mail]) -> None:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=settings.smtp_username or None,
            password=settings.smtp_password.get_secret_value() or None,
            use_tls=settings.smtp_tls == "tls" and bool(settings.smtp_host),
            start_tls=settings.smtp_tls == "starttls" and bool(settings.smtp_host),
            timeout=SMTP_TIMEOUT_S,
        )
        try:
            async with client:
                for mail in due:
                    await self._send(client, mail)
        except (aiosmtplib.SMTPException, OSError) as fault:
            log.warning("mail server %s:%d: %s", self._host, self._port, fault)
            for mail in due:
                await self._failed(mail, fault)
        except asyncio.CancelledError:
            with suppress(Transient):
                async with self._database.transaction() as tx:
                    await mails.release(tx, [mail.id for mail in due])
            raise

    async def _send(self, client: aiosmtplib.SMTP, mail: Mail) -> None:
        message = compose(mail, sender=self._settings.mail_from, public_url=self._settings.public_url)
        try:
            await client.sendmail(message["From"].addresses[0].addr_spec, [mail.email], message.as_bytes())
        except aiosmtplib.SMTPRecipientsRefused as fault:
            await self._failed(mail, fault, code=fault.recipients[0].code)
        except aiosmtplib.SMTPResponseException as fault:
            await self._failed(mail, fault, code=fault.code)
        else:
            await self._settle(mail, "sent")

    async def _failed(self, mail: Mail, fault: Exception, code: int = 0) -> None:
        wait_s = self._schedule.wait(mail.attempts + 1, random.random())  # noqa: S311 - jitter, not a secret
        ends = code in REFUSED_FOR_GOOD or mail.age_s >= self._schedule.give_up_after_s
        await self._settle(mail, "parked" if ends else "pending", str(fault)[:300].replace("\0", ""), wait_s)

    async def _settle(self, mail: Mail, state: str, error: str | None = None, wait_s: float = 0.0) -> None:
        async with self._database.transaction() as tx:
            await mails.settle(tx, mail.id, state, error, wait_s)
        DELIVERIES.labels("mail", "again" if state == "pending" else state).inc()


async def post(runtime: Runtime) -> None:
    """The worker that sends mail, for as long as the process lives; without a mail server it has nothing to do.

    The local run without one gets a small server of its own, which fills the inbox page.
    """
    settings = runtime.settings
    assert isinstance(settings, Settings)
    if settings.smtp_host:
        await Postman(runtime.database, settings, settings.smtp_host, settings.smtp_port).run()
    elif settings.environment == "local":
        async with local_server(runtime.database) as (host, port):
            await Postman(runtime.database, settings, host, port).run()
    else:
        log.warning("no mail server is set (DORPSPLEIN_SMTP_HOST): nobody gets mail")
        await asyncio.Event().wait()
