"""What notifications keeps of others' events."""
