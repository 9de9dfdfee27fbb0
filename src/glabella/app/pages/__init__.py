"""The pages of the app, one file for each door; registered on the server by ``register``."""

from glabella.app.pages.register import register

__all__ = ["register"]
