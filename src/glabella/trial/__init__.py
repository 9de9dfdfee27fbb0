"""Trials of virtual people: a design, the run of its arms, and what comes out."""
