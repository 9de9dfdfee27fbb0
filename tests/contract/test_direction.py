"""One direction: the library knows nothing of pictures, commands and the app, and the stages nothing of what is built on them."""

import ast
from pathlib import Path

import glabella

ROOT = Path(glabella.__file__).parent
FRONT = {"app", "commands", "report"}
BASE = {
    "stages", "evidence", "label", "data", "names", "frown", "face", "patient", "plan", "errors", "files", "interpolate", "near", "reading",
}  # fmt: skip


def imports(path: Path) -> set[str]:
    """First folder or module below glabella of everything that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("glabella.")}
    return found


def test_imports_point_one_way():
    for path in sorted(ROOT.rglob("*.py")):
        check(path)


def check(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if room not in FRONT | {"cli", "__main__"}:
        assert not imports(path) & FRONT, path
    if room == "stages":
        assert imports(path) <= BASE, (path, imports(path) - BASE)
