"""Straight answers to real questions: each sentence tied to evidence rows, and to a simulation where the model can speak."""

from glabella.ask.answers import Answer, find_answer, load_answers, load_themes
from glabella.ask.search import Found, ask

__all__ = ["Answer", "Found", "ask", "find_answer", "load_answers", "load_themes"]
