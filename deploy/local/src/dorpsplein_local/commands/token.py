"""`token`: a bearer token of one of the example people, for the local run only."""

from typing import Annotated

import typer

from dorpsplein_local.client import token_of
from dorpsplein_local.commands.options import Data

app = typer.Typer()


@app.command()
def token(data: Data, person: Annotated[str, typer.Option("--as", help="A first name, such as anna.")]) -> None:
    """Print a token that speaks for PERSON until it expires."""
    print(token_of(person, data))
