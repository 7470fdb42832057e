"""What answers look like."""

from initiatives.api.views import (
    contributions,
    drafts,
    imports,
    initiatives,
    media,
    merges,
    milestones,
    people,
    search,
    sessions,
    supports,
)

__all__ = [
    "contributions",
    "drafts",
    "imports",
    "initiatives",
    "media",
    "merges",
    "milestones",
    "people",
    "search",
    "sessions",
    "supports",
]
