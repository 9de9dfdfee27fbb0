"""Templates of the pages, and the style that every page carries in itself."""

import base64
import hashlib
from importlib import resources
from typing import Any


def _template(name: str) -> Any:
    """A Jinja template of this folder, which may extend or include others of it; a name without a value is an error."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=jinja2.FunctionLoader(_text)
    )
    return environment.get_template(name)


def filled_template(name: str, **values: Any) -> str:
    """A template of this folder with its values."""
    return _template(name).render(**values)


def page_style(*more: str) -> Any:
    """report.css, and ``more`` files of this folder after it, as they stand in a page."""
    from markupsafe import Markup

    return Markup("".join(_text(name) for name in ("report.css", *more)))


def page_script(name: str) -> tuple[Any, str]:
    """A script of this folder as it stands in a page, and the hash by which the page allows it and no other."""
    from markupsafe import Markup

    script = _text(name)
    return Markup(script), base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


def _text(name: str) -> str:
    return resources.files("glabella.report").joinpath(name).read_text("utf-8")
