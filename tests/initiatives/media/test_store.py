"""The store is a folder or a bucket, and nobody sees which."""

import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import httpx
import pytest

from dorpsplein.errors import Transient
from initiatives.media.store import Missing, Store, store_of
from initiatives.settings import InitiativesSettings

BUCKET_SERVER = """
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
input()
"""


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty bucket of something that speaks S3."""
    with Popen([sys.executable, "-c", BUCKET_SERVER], stdin=PIPE, stdout=PIPE, stderr=DEVNULL) as server:
        assert server.stdout is not None
        port = next(int(line) for line in server.stdout if line.strip().isdigit())
        settings = {
            "ACCESS_KEY_ID": "key",
            "SECRET_ACCESS_KEY": "secret",
            "REGION": "us-east-1",
            "ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "ALLOW_HTTP": "true",
        }
        for name, value in settings.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        httpx.put(f"{settings['ENDPOINT_URL']}/dorp{port}").raise_for_status()
        yield f"s3://dorp{port}/media"
        server.kill()


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store as the setting names it."""
    if request.param == "bucket":
        return store_of(InitiativesSettings(media_url=request.getfixturevalue("bucket")))
    return store_of(InitiativesSettings(media_url=(tmp_path / "not yet there").as_uri()))


async def test_a_folder_and_a_bucket_keep_the_same_promises(store: Store, tmp_path: Path) -> None:
    large, out = tmp_path / "large", tmp_path / "out"
    large.write_bytes(bytes(range(256)) * 50_000)
    await store.put("uploads/1/0-a", b"abc")
    await store.put("uploads/1/3-a", b"def")
    await store.put("uploads/10/0-a", b"x")
    await store.put_file("media/1/a", large)
    await store.fetch(["uploads/1/0-a", "uploads/1/3-a"], out)
    assert out.read_bytes() == b"abcdef"
    assert b"".join([piece async for piece in store.stream("media/1/a")]) == large.read_bytes()
    part = b"".join([piece async for piece in store.stream("media/1/a", (3_000_000, 9_000_001))])
    assert part == large.read_bytes()[3_000_000:9_000_001]
    await store.remove_all("uploads/1")
    await store.remove_all("uploads/1")
    await store.remove("uploads/1/0-a")
    with pytest.raises(Missing):
        await store.fetch(["uploads/1/0-a"], out)
    assert [piece async for piece in store.stream("uploads/10/0-a")] == [b"x"]


async def test_a_store_that_is_away_is_away_for_a_moment(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Transient):
        await store_of(InitiativesSettings(media_url=(tmp_path / "file").as_uri())).put("uploads/1/0-a", b"abc")
