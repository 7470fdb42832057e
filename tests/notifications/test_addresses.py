"""No way round the guard: callbacks lead to the public internet, when they are given and at each connection."""

import socket
from collections.abc import Sequence
from typing import Any

import pytest
from tests.notifications.conftest import QUICK, Receiver, Square, eventually, state
from uuid_utils.compat import uuid7

from dorpsplein.errors import Refused
from notifications.addresses import AddressRefused, check_callback, guarded_socket, is_public
from notifications.settings import Settings
from notifications.webhooks import deliver

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
    "no address",
    "",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "145.97.39.155", "172.32.0.1", "2001:4860:4860::8888", "2a00:1450:4009::200e"]

REFUSED_URLS = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0/",
    "http://localhost/",
    "http://localhost./",
    "http://LOCALHOST:8080/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1%25lo]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://user:secret@8.8.8.8/",
    "http://8.8.8.8@127.0.0.1/",
    "http://8.8.8.8\\@127.0.0.1/",
    "http://127.0.0.1#@8.8.8.8/",
    "http://127。0。0。1/",
    "ftp://8.8.8.8/",
    "file:///etc/passwd",
    "gopher://8.8.8.8/",
    "//8.8.8.8/",
    "http://",
    "http:///path",
    "http://8.8.8.8:99999/",
    "http://[8.8.8.8/",
    "http://no-such-name.invalid/",
    "http://" + "a" * 300 + ".example/",
    "javascript:alert(1)",
    "not a url",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_known_as_such(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_known_as_such(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", REFUSED_URLS)
async def test_a_callback_that_does_not_lead_to_the_public_internet_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="callback-not-allowed"):
        await check_callback(url, allow_private=False)


@pytest.mark.parametrize("url", ["http://8.8.8.8/hook", "https://[2001:4860:4860::8888]:8443/hook?a=b"])
async def test_a_public_callback_is_let_in(url: str) -> None:
    await check_callback(url, allow_private=False)


async def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolves_to("8.8.8.8", "10.0.0.1"))
    with pytest.raises(Refused, match="callback-not-allowed"):
        await check_callback("http://two-faced.example/", allow_private=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "169.254.169.254"])
def test_no_socket_is_made_for_an_address_that_is_not_public(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with pytest.raises(AddressRefused):
        guarded_socket(allow_private=False)((family, socket.SOCK_STREAM, 6, "", (address, 80)))


def resolves_to(*addresses: str) -> Any:
    def getaddrinfo(_: str, port: int, *__: Any, **___: Any) -> Sequence[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return getaddrinfo


@pytest.mark.parametrize("host", ["rebinding.example", "127.0.0.1", "[::ffff:127.0.0.1]"])
async def test_a_callback_that_was_let_in_is_judged_again_at_each_connection(
    square: Square, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """DNS rebinding: public when it was given, private when it is used; and addresses that need no name."""
    subscription = await square.subscribe(receiver.url)
    receiver.secret = subscription["secret"]
    port = receiver.url.split(":")[2]
    async with square.runtime.database.transaction() as tx:
        await tx.execute("update subscriptions set callback_url = $1", f"http://{host}:{port}")
    if host == "rebinding.example":
        resolving = socket.getaddrinfo

        def getaddrinfo(name: str, *arguments: Any, **options: Any) -> Any:
            return resolving("127.0.0.1" if name == host else name, *arguments, **options)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    await square.tell(state(uuid7()))
    async with square.at_work(deliver, allow_private_callbacks=False):
        await eventually(lambda: refused(square, subscription["id"]))
    assert receiver.attempts == []


async def refused(square: Square, subscription: str) -> bool:
    (delivery,) = await square.deliveries(subscription)
    error = delivery["lastError"] or ""
    return "not on the public internet" in error


async def test_a_redirect_is_not_followed(square: Square, receiver: Receiver) -> None:
    subscription = await square.subscribe(receiver.url)
    receiver.secret = subscription["secret"]
    receiver.answer = lambda _: 307
    receiver.headers = {"Location": receiver.url.replace("/hook", "/elsewhere")}
    await square.tell(state(uuid7()))

    async def failed() -> bool:
        (delivery,) = await square.deliveries(subscription["id"])
        return bool(delivery["lastStatus"] == 307)

    async with square.at_work(deliver):
        await eventually(failed)


async def test_a_refused_callback_is_a_problem_document_and_nothing_is_kept(square: Square) -> None:
    square.runtime.settings = Settings(**{**square.runtime.settings.model_dump(), "allow_private_callbacks": False})
    answer = await square.request("POST", "/subscriptions", {"callbackUrl": "http://127.0.0.1/"}, by="saar")
    assert (answer.status_code, answer.json()["code"]) == (422, "callback-not-allowed")
    assert await square.rows("select * from subscriptions") == []
    assert await square.facts() == []


def test_private_callbacks_cannot_be_allowed_outside_the_local_environment() -> None:
    with pytest.raises(ValueError, match="local environment only"):
        Settings(environment="production", **QUICK)
