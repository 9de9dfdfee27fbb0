"""What visits say of one person, and of the rest of their course."""
