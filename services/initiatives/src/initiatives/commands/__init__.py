"""One command, one transaction: lock, decide, save."""
