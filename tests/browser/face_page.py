"""A bare page with the 3D face, its data made from glabella directly, for test_face_view: python -m tests.browser.face_page PORT."""

import gzip
import json
import sys
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path

import nicegui
import numpy as np

import glabella as g
from glabella.app.face import dose_overlay, face_bundle, risk_overlay
from glabella.app.face.view import NAMES as LIBRARIES
from glabella.app.months import months_document
from glabella.app.workbench import Workbench
from glabella.evidence import load_parameters
from glabella.plan import Plan

WEB = Path(str(resources.files("glabella.app"))) / "web"
THREE = Path(nicegui.__file__).parent / "elements/scene/dist/index.js"
PATIENT = g.Patient()
BENCH = Workbench()

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>face</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/web/glabella.css">
<script type="importmap">{"imports": %s}</script>
<style>body { margin: 0 } #host { width: 640px; height: 640px }</style>
<div id="host"></div>
<script type="module">
import { THREE, OrbitControls } from "nicegui-scene";
import { bus } from "glabella_bus";
import { createFaceViewer } from "glabella_face";
window.events = [];
const viewer = createFaceViewer({ THREE, OrbitControls, host: document.getElementById("host"), bus,
  emit: (name, detail) => window.events.push([name, detail]) });
window.viewer = viewer;
window.show = async (url) => bus.set({ months: url ? await (await fetch(url)).json() : null });
await viewer.setPerson("/face.bin");
</script></html>"""


@cache
def plan(name: str) -> Plan:
    """The 'label' plan for the frown, or 'upper': all three areas."""
    return Plan.label("onabotulinumtoxinA", ("glabellar", "forehead", "lateral_canthal") if name == "upper" else "glabellar")


@cache
def months(name: str) -> bytes:
    document = months_document(BENCH.course(PATIENT, None if name in ("none", "left") else plan(name)))
    if name == "left":  # the whole treatment's left half on an untreated face: what the page makes of sides, whatever the model says
        whole = months_document(BENCH.course(PATIENT, plan("label")))
        both = zip(whole["muscles"], document["force"], whole["force"], strict=True)
        document["force"] = [treated if muscle.endswith("_left") else untreated for muscle, untreated, treated in both]
        document["lines"]["glabellar"]["depth_mm"]["left"] = whole["lines"]["glabellar"]["depth_mm"]["left"]
    return json.dumps(document).encode()


@cache
def answer(path: str) -> tuple[str, bytes]:
    """(media type, gzipped content) of an address."""
    kind, content = "application/octet-stream", b""
    if path == "/":
        names = {"nicegui-scene": "/three.js", **{name: f"/web/{name}.js" for name in LIBRARIES}}
        kind, content = "text/html", (PAGE % json.dumps(names)).encode()
    elif path == "/three.js":
        kind, content = "text/javascript", THREE.read_bytes()
    elif path.startswith("/web/"):
        kind = "text/css" if path.endswith(".css") else "text/javascript"
        content = (WEB / Path(path).name).read_bytes()
    elif path.startswith("/face.bin"):
        content = face_bundle(BENCH.person(PATIENT), load_parameters())
    elif path == "/risk.bin":
        content = risk_overlay(BENCH.risk_map(PATIENT, "onabotulinumtoxinA", "eyelid_ptosis", 4.0, 5.0))
    elif path.startswith("/months/"):
        kind, content = "application/json", months(path.split("/")[-1])
    elif path.startswith("/dose/"):
        content = dose_overlay(BENCH.course(PATIENT, plan(path.split("/")[-1])))
    elif path.startswith("/sites/"):
        kind, content = "application/json", json.dumps(sites(path.split("/")[-1])).encode()
    return kind, gzip.compress(content, 3)


def sites(name: str) -> list[dict[str, object]]:
    """The injections of a plan where they enter."""
    atlas = BENCH.person(PATIENT).anatomy.atlas
    found = []
    for k, injection in enumerate(plan(name).sessions[0].injections):
        point = np.asarray(atlas.sites[injection.site].point)
        found.append({"id": f"s{k}", "label": "", "units": injection.units, "point": point.tolist(), "selected": k == 0,
                      "side": "", "beyond_label": k == 1})  # fmt: skip
    return found


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if "nocache" in sys.argv and self.path.startswith("/web/"):
            answer.cache_clear()
        kind, content = answer(self.path)
        self.send_response(200)
        for name, value in (("Content-Type", kind), ("Content-Encoding", "gzip"), ("Content-Length", str(len(content)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    print("ready", flush=True)
    server.serve_forever()
