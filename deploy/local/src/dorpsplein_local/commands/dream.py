"""`dream`: a storyboard becomes a film on this machine, without servers."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from dorpsplein.errors import Refused
from dorpsplein_local.errors import CannotRun
from initiatives.rendering import Codec, Rendered, Storyboard
from initiatives.rendering import render as render_film

app = typer.Typer(no_args_is_help=True)


@app.callback()
def dream() -> None:
    """Dream visions."""


@app.command()
def render(
    storyboard: Annotated[Path, typer.Argument(help="A storyboard (JSON); its media stand beside it.")],
    out: Annotated[Path, typer.Argument(help="The film to write (.mp4); captions and a poster come beside it.")],
    codec: Annotated[Codec, typer.Option(help="AV1 is smaller, H.264 plays everywhere.")] = "h264",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Render a storyboard to a captioned film; nothing but the film, its captions and its poster is written."""
    board = _read(storyboard)
    if out.suffix != ".mp4" or not out.parent.is_dir():
        raise CannotRun(f"{out} cannot be written: name a .mp4 file in a folder that is there.")
    try:
        rendered = _rendered(board, storyboard.parent, out, codec, quiet=as_json)
    except Refused as refusal:
        raise CannotRun(refusal.detail) from refusal
    except OSError as fault:
        raise CannotRun(f"{out} cannot be written: {fault.strerror or fault}.") from fault
    if as_json:
        print(json.dumps(asdict(rendered), default=str, ensure_ascii=False, indent=1))
    else:
        _show(rendered, board, codec)


def _rendered(board: Storyboard, folder: Path, out: Path, codec: Codec, *, quiet: bool) -> Rendered:
    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task("Rendering", total=1.0)
        return render_film(board, folder, out, codec=codec, progress=lambda done: bar.update(task, completed=done))


def _read(path: Path) -> Storyboard:
    """Read a storyboard. Raises CannotRun with every fault and its place."""
    try:
        return Storyboard.model_validate_json(path.read_bytes())
    except OSError as fault:
        raise CannotRun(f"{path} cannot be read: {fault.strerror or fault}.") from fault
    except ValidationError as faults:
        shown = "\n".join(
            f"  {'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}" for fault in faults.errors()
        )
        raise CannotRun(f"{path} is no storyboard and nothing was rendered:\n{shown}") from faults


def _show(rendered: Rendered, board: Storyboard, codec: Codec) -> None:
    console = Console(highlight=False, soft_wrap=True)
    size = f"{board.size.width} x {board.size.height}"
    console.print(f"[green]✓[/] [bold]{escape(str(rendered.film))}[/]: {rendered.seconds:.1f} s, {size}, {codec}")
    for scene in rendered.scenes:
        console.print(f"  {scene.start:6.1f} s  {escape(scene.scene_id)}, {scene.seconds:.1f} s")
    for language, captions in rendered.captions.items():
        console.print(f"  captions {language}: {escape(str(captions))}")
    console.print(f"  poster: {escape(str(rendered.poster))}")
    console.print(f"  frames: {rendered.frames}, SHA-256 {rendered.digest}")
    for dark in rendered.dark_scenes:
        console.print(f"[yellow]⚠[/] The scene {escape(dark.scene_id)} is dark, because {escape(dark.reason)}.")
