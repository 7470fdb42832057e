"""What this service keeps of the events of others, a batch at a time."""
