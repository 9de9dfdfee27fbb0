"""Requests made from the OpenAPI document, good and bad: no server error, and every answer is one that the document promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.app_server import app_server
from tests.providers_made import made

from glabella.providers.database import FILE

TOP = Path(__file__).resolve().parents[2]
EXAMPLES = 15  # per operation, beside the examples of the document
# the rules of the library say more than a schema can, so good data by the schema alone need not be accepted
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,"
    "negative_data_rejection,unsupported_method"
)


def test_schemathesis_finds_no_server_error(tmp_path):
    (tmp_path / "data").mkdir()
    made(tmp_path)[1].rename(tmp_path / "data" / FILE)
    with app_server(tmp_path / "data") as server:
        command = [
            sys.executable, "-m", "schemathesis.cli", "run", f"{server.address}/openapi.json", "--phases", "examples,fuzzing",
            "--max-examples", str(EXAMPLES), "--generation-deterministic", "--checks", CHECKS, "--request-timeout", "60", "--no-color",
        ]  # fmt: skip
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment |= {"SCHEMATHESIS_HOOKS": "tests.schemathesis_hooks", "PYTHONPATH": str(TOP)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert "Tested: 28" in done.stdout
        assert int(re.search(r"(\d+) generated", done.stdout)[1]) > 200
        assert not [line for line in server.errors if "Traceback" in line or "Exception" in line]
