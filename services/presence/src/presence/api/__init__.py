"""The HTTP face of presence, by noun."""
