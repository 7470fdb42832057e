"""Look inside what was uploaded, in a process of its own: whatever breaks there breaks nothing else.

What comes out is made anew from what was decoded (images) or copied stream by stream (sound, film), without metadata.
"""

import asyncio
import json
import sys
from asyncio.subprocess import Process
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from dorpsplein.errors import Transient
from initiatives.domain.media import Found, Kind, Refusal

NEEDED = ("PIL", "av")
TRY_AGAIN = 75
"""The exit code for what was not the upload's fault, such as a full disk."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What looking inside may take: pixels of an image, seconds of sound or film, memory, and time in seconds."""

    pixels: int = 60_000_000
    side: int = 4_096
    seconds: float = 600.0
    memory_bytes: int = 3 * 2**30
    cpu_s: int = 120
    wall_s: float = 300.0


def missing() -> str:
    """What is needed to look inside and not installed; the extra `render` has it all."""
    return ", ".join(name for name in NEEDED if find_spec(name) is None)


async def inspect(original: Path, cleaned: Path, limits: Limits) -> Found | Refusal:
    """Look into a file and write a clean version of it; or why it is not taken, and then nothing is written.

    The other process gets no environment, a limit to its memory and one to its time. It ends with this call.
    Raises Transient where it could not work for a reason that has nothing to do with the file.
    """
    process = await _started(original, cleaned, limits)
    try:
        async with asyncio.timeout(limits.wall_s):
            told, _ = await process.communicate()
    except TimeoutError:
        told = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    if process.returncode == TRY_AGAIN:
        raise Transient("uploads cannot be looked into: there is no room for it")
    result = _read(told) if process.returncode == 0 else Refusal.TOO_HEAVY
    if isinstance(result, Refusal):
        cleaned.unlink(missing_ok=True)
    return result


async def _started(original: Path, cleaned: Path, limits: Limits) -> Process:
    given = (str(original), str(cleaned), json.dumps(asdict(limits)))
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "initiatives.media.inspecting", *given),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )


def _read(told: bytes) -> Found | Refusal:
    said = json.loads(told)
    if "refusal" in said:
        return Refusal(said["refusal"])
    return Found(**{**said, "kind": Kind(said["kind"]), "digest": bytes.fromhex(said["digest"])})
