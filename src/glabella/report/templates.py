"""Templates of the pages, and the style that every page carries in itself."""

from importlib import resources
from typing import Any


def load_template(name: str) -> Any:
    """A Jinja template of this folder, which may extend or include others of it; a name without a value is an error."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=jinja2.FunctionLoader(_text)
    )
    return environment.get_template(name)


def page_style() -> Any:
    """report.css, as it stands in a page."""
    from markupsafe import Markup

    return Markup(_text("report.css"))


def _text(name: str) -> str:
    return resources.files("glabella.report").joinpath(name).read_text("utf-8")
