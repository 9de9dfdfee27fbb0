"""Years of treatment: sessions that repeat by calendar or by rule, and what becomes of lines, muscle and skin."""
