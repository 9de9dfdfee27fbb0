"""The routes under /api/v1: one file per resource, what is sent in ``bodies``, what comes back in ``answers``, errors of one shape."""
