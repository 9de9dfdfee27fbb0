"""Planning: what is to be reached, and at what risk."""
