"""Hooks of the schemathesis run: good requests of the heavy routes are made small ones, and a job is cancelled as soon as it is queued."""

import urllib.request

import schemathesis

SMALL = {"samples": 0, "draws": 1, "days": 5}


@schemathesis.hook
def before_call(context, case, kwargs):
    body, meta = case.body, case.meta
    if not isinstance(body, dict) or meta is None or not meta.generation.mode.is_positive:
        return
    if case.path.endswith("/risk-map"):
        body["units"] = 9000  # beyond every label, so refused: the map itself takes ten seconds and has its own test
    if case.path.endswith(("/simulate", "/plan")):
        body["patient"] = {}  # one face, which is built once
        for name in body.keys() & SMALL:
            body[name] = max(SMALL[name], 1 if case.path.endswith("/plan") else 0)


@schemathesis.hook
def after_call(context, case, response):
    if response.status_code == 202:
        address = response.request.url.replace("/plan", f"/jobs/{response.json()['id']}")
        cancel = urllib.request.Request(address, method="DELETE")
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(cancel).read()
