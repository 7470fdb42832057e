"""What this service keeps of events, its own and others'."""
