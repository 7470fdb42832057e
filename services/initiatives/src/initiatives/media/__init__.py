"""Media as bytes: where they are kept, how they are looked into, and the links by which they are read."""
