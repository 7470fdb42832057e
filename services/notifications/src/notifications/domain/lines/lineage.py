"""What a contributor is told of each hop that came of what they brought in.

It says the same whichever contribution of theirs it came of, and names the initiative the hop is about.
"""

from collections.abc import Mapping

from notifications.domain.wording import named

Hop = tuple[str, str]
"""The kind of a link, and the kind of thing it leads to."""

HOPS: Mapping[Hop, str] = {
    ("placed", "initiative"): "Je inbreng heeft een plek gekregen in {it}",
    ("used-in", "scene"): "Je inbreng is gebruikt in een scène van het droombeeld van {it}",
    ("used-in", "story"): "Je inbreng is gebruikt in een verhaal over {it}",
    ("shown-in", "dream"): "Je inbreng is te zien in het droombeeld van {it}",
    ("joined", "initiative"): "{it}, waar je iets voor inbracht, gaat op in een ander initiatief",
    ("told-in", "story"): "Over {it}, waar je iets voor inbracht, is een verhaal verteld",
    ("retold-in", "retelling"): "Een verhaal over {it}, waar je iets voor inbracht, is doorverteld",
    ("led-to", "milestone"): "{it}, waar je iets voor inbracht, heeft een mijlpaal bereikt",
    ("paid-for", "pledge"): "Voor {it}, waar je iets voor inbracht, zijn middelen bijeengebracht",
}
"""Other hops are told to nobody."""
MAILED: tuple[Hop, ...] = (
    ("placed", "initiative"),
    ("used-in", "scene"),
    ("used-in", "story"),
    ("shown-in", "dream"),
)
"""What is about one's own contribution. The rest is about the initiative: who follows it gets that from the feed."""
ONLY_AFTER: tuple[str, ...] = ("led-to", "paid-for", "told-in")
"""Results of an initiative: those from before a contribution was offered did not come of it."""


def line(hop: Hop, title: str | None) -> str:
    """What came of it, in one plain line. Without a title the initiative has been erased."""
    return HOPS[hop].format(it=named(title))
