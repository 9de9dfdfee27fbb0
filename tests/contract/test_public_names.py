"""The public names: complete, sorted, loadable, and an import that costs nothing."""

import subprocess
import sys

import glabella


def test_every_public_name_loads():
    assert glabella.__all__ == sorted(glabella.__all__)
    for name in glabella.__all__:
        assert getattr(glabella, name).__name__ in (name, "load_parameters")
    assert set(glabella._HOME) == set(glabella.__all__)


def test_import_is_light_and_draws_nothing():
    code = "import sys, glabella; print(sorted({'numpy', 'scipy', 'matplotlib', 'jinja2', 'jsonschema'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_the_chain_imports_no_plots():
    code = "import sys, glabella.treatment; print(sorted({'matplotlib', 'jinja2', 'jsonschema', 'click'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
