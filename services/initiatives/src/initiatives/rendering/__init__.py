"""The film of a dream vision: a storyboard goes in, a captioned film comes out. It knows no database and no network.

`Storyboard` and `Rendered` can be had anywhere; `render` needs the extra `render` (PyAV, Pillow, numpy).
"""

from collections.abc import Callable
from pathlib import Path

from initiatives.rendering.rendered import DarkScene, Rendered, SceneShown
from initiatives.rendering.storyboard import Captions, Codec, Said, Scene, Storyboard, Theme

__all__ = ["Captions", "Codec", "DarkScene", "Rendered", "Said", "Scene", "SceneShown", "Storyboard", "Theme", "render"]


def render(
    storyboard: Storyboard,
    folder: Path,
    out: Path,
    *,
    codec: Codec = "h264",
    progress: Callable[[float], None] | None = None,
) -> Rendered:
    """Render a film from the media in `folder` to `out`, with captions and a poster beside it.

    `out` appears whole or not at all: until then there is only `out` with `.part` behind it. Media that cannot be
    shown make their scene a dark one, which is named in what comes back. The same storyboard and media give the same
    frames. `progress` hears the fraction done, about once for each second of film; what it raises ends the render.

    Raises Refused("media-outside") for media outside the folder, Refused("film-too-long") beyond 180 s, and OSError
    where `out` cannot be written.
    """
    from initiatives.rendering.film import render_film

    return render_film(storyboard, folder, out, codec=codec, progress=progress)
