"""The process that looks inside: `python -m initiatives.media.inspecting ORIGINAL CLEANED LIMITS`.

It prints what it found, or why that is not taken, as JSON.
"""

import errno
import hashlib
import json
import resource
import sys
from pathlib import Path
from typing import Any

from initiatives.domain.media import Kind, Refusal
from initiatives.media.inspecting import TRY_AGAIN, Limits
from initiatives.media.inspecting.outcome import NotTaken
from initiatives.media.inspecting.signatures import READ_BYTES, Container, kind_of

MOST_GROWTH = 4
"""A clean version may be larger than what it was made from (a GIF becomes a PNG), but not without end."""
SMALLEST_LIMIT_BYTES = 64_000_000
NOT_ITS_FAULT = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EROFS, errno.EACCES})


def main(original: Path, cleaned: Path, limits: Limits) -> None:
    """Look inside and say what was found."""
    try:
        said = _found(original, cleaned, limits)
    except NotTaken as no:
        said = {"refusal": no.refusal}
    except MemoryError:
        said = {"refusal": Refusal.TOO_HEAVY}
    except OSError as fault:
        if fault.errno in NOT_ITS_FAULT:
            sys.exit(TRY_AGAIN)
        said = {"refusal": Refusal.BROKEN}
    except Exception:  # noqa: BLE001 - whatever a decoder raises of a broken file
        said = {"refusal": Refusal.BROKEN}
    sys.stdout.write(json.dumps(said))


def _found(original: Path, cleaned: Path, limits: Limits) -> dict[str, Any]:
    with original.open("rb") as file:
        kind = kind_of(file.read(READ_BYTES))
    if kind is None:
        raise NotTaken(Refusal.NOT_TAKEN)
    shape: dict[str, Any]
    if isinstance(kind, Container):
        from initiatives.media.inspecting import films

        film = films.clean(original, cleaned, kind, limits)
        shape = {"kind": film.kind, "content_type": kind.types[film.kind], "seconds": film.seconds}
        shape |= {"width": film.width, "height": film.height}
    else:
        from initiatives.media.inspecting import images

        size = images.clean(original, cleaned, kind, limits)
        shape = {"kind": Kind.IMAGE, "content_type": kind.content_type, "width": size.width, "height": size.height}
    with cleaned.open("rb") as file:
        digest = hashlib.file_digest(file, hashlib.sha256).hexdigest()
    return {**shape, "size": cleaned.stat().st_size, "digest": digest}


def _limit(original: Path, limits: Limits) -> None:
    largest = max(SMALLEST_LIMIT_BYTES, original.stat().st_size * MOST_GROWTH)
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    wanted = Limits(**json.loads(sys.argv[3]))
    _limit(Path(sys.argv[1]), wanted)
    main(Path(sys.argv[1]), Path(sys.argv[2]), wanted)
