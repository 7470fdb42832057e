"""The posters as they are printed: HTML and CSS that need nothing from elsewhere, and no script.

They are filled in by Jinja with escaping always on, and what a template names but is not given is a fault.
"""

import hashlib
from base64 import b64encode
from enum import StrEnum
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


class Paper(StrEnum):
    """What a poster is printed on."""

    A4 = "a4"
    A3 = "a3"


# A sheet of A3 is A4 times the root of two, and every size in the style is in rem.
LETTERS = {Paper.A4: "11pt", Paper.A3: "15.55pt"}
STYLE = files("presence").joinpath("posters", "poster.css").read_text(encoding="utf-8")
STYLES = {
    paper: f"@page {{ size: {paper} portrait; margin: 0 }}\nhtml {{ font-size: {letters} }}\n{STYLE}"
    for paper, letters in LETTERS.items()
}
POLICIES = {
    paper: (
        f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}';"
        " form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    )
    for paper, style in STYLES.items()
}
"""What a poster may do: look as it does, and nothing else."""
TEMPLATES = Environment(
    loader=PackageLoader("presence", "posters"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def poster(paper: Paper, picture: str, **facts: Any) -> str:
    """A poster as HTML. `picture` is the SVG of its code, and is taken as it is; everything else is escaped."""
    template = TEMPLATES.get_template("poster.html")
    # Both are made here, of our own files and of modules that are dark or light: no word of anybody is in them.
    return template.render(style=Markup(STYLES[paper]), picture=Markup(picture), **facts)  # noqa: S704
