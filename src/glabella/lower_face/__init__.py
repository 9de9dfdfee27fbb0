"""One treatment of the lower face and the neck: its story, its outcome and its timeline, on the same stages about another centre."""
