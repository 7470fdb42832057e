"""The rules of initiatives and of support: pure functions over frozen values."""
