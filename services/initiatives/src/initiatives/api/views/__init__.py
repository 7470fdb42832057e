"""What answers look like."""

from initiatives.api.views import contributions, imports, initiatives, people, supports

__all__ = ["contributions", "imports", "initiatives", "people", "supports"]
