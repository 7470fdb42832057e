"""One command, one transaction: lock, decide, move the money, keep the state and its facts."""
