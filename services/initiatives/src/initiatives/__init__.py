"""The initiatives service."""
