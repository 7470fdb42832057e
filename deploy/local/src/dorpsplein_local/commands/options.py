"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from dorpsplein_local.state import default_data


def _resolved(folder: Path) -> Path:
    return folder.expanduser().resolve()


Data = Annotated[
    Path,
    typer.Option(
        "--data",
        default_factory=default_data,
        callback=_resolved,
        show_default="DORPSPLEIN_DATA, else in the user's data folder",
        help="The folder that keeps everything.",
    ),
]
