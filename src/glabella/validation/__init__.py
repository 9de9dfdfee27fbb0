"""Published figures against what the model says they should be: hits and misses alike, and why it misses."""
