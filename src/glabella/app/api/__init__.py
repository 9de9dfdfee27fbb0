"""The routes under /api/v1: one file per resource, bodies in ``bodies``, one shape for every error in ``errors``."""
