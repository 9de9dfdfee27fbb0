"""Pictures of one person on several visits: put over one another, checked against the first, and the lines in them compared."""
