"""A server on the loopback address that behaves like the public registry's interface, with invented people and with its bad days."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

MOST_LIMIT, LAST_SKIP = 200, 1000


def record(one, *, as_number=False, **changes):
    """A record as the interface gives it, of an invented person."""
    day = "-".join(f"{part:02d}" for part in one.enumerated)
    common = {"country_code": "US", "country_name": "United States", "address_type": "DOM", "city": one.city, "state": one.state}
    return {
        "number": int(one.npi) if as_number else one.npi,
        "enumeration_type": "NPI-1",
        "created_epoch": "1139097600000",
        "basic": {
            "first_name": one.first,
            "last_name": one.last,
            "credential": one.credential,
            "sex": "F",
            "status": "A",
            "enumeration_date": day,
            "last_updated": f"{one.updated_year}-03-01",
        },
        "addresses": [
            {
                **common,
                "address_purpose": "LOCATION",
                "address_1": f"{one.number} {one.street} ST",
                "postal_code": f"{one.zip}1234",
                "telephone_number": "555-010-0000",
            },
            {**common, "address_purpose": "MAILING", "address_1": "PO BOX MAILING-ONLY", "postal_code": "999990000"},
        ],
        "practiceLocations": [],
        "taxonomies": [
            {"code": one.code, "desc": changes.pop("desc", "Dermatology"), "license": one.licence, "state": one.state, "primary": True}
        ],
        **changes,
    }


class Interface:
    """Answers of the interface. ``faults``: what to do with the next requests instead: a status, 'slow', 'drip', 'cut', 'html', 'drop'."""

    def __init__(self, records):
        self.records, self.faults, self.asked, self.times, self.retry_after = records, [], [], [], None

    def answer(self, question):
        """The body of a reply; all of them come with status 200."""
        if question.get("version") != "2.1":
            return _error("version", "Unsupported Version", "18")
        criteria = {"number", "taxonomy_description", "first_name", "last_name", "organization_name", "city", "postal_code"}
        if not criteria & question.keys():
            field = "state" if "state" in question else "number"
            return _error(field, f"Field {field} requires additional search criteria", "07")
        for name in ("postal_code", "taxonomy_description", "last_name"):
            if question.get(name, "").endswith("*") and len(question[name]) < 3:
                return _error(name, "at least two characters before the wildcard", "09")
        found = [one for one in self.records if _matches(one, question)]
        skip, limit = min(int(question.get("skip", 0)), LAST_SKIP), min(int(question.get("limit", 10)), MOST_LIMIT)
        page = found[skip : skip + limit]
        return {"result_count": len(page), "results": page}


def _error(field, description, number):
    return {"Errors": [{"description": description, "field": field, "number": number}]}


def _matches(one, question):
    code = question.get("postal_code", "")
    purpose = question.get("address_purpose")
    places = [place for place in one["addresses"] if purpose in (None, place["address_purpose"])]
    if code and not any(place["postal_code"].startswith(code.rstrip("*")) for place in places):
        return False
    if "city" in question and not any(place["city"].lower() == question["city"].lower() for place in places):
        return False
    if "state" in question and not any(place["state"] == question["state"] for place in places):
        return False
    words = question.get("taxonomy_description", "").rstrip("*").lower()
    return not words or any(words in taxonomy["desc"].lower() for taxonomy in one["taxonomies"])


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        interface = self.server.interface
        question = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        interface.asked.append(question | {"agent": self.headers.get("User-Agent", "")})
        interface.times.append(time.monotonic())
        fault = interface.faults.pop(0) if interface.faults else None
        body = json.dumps(interface.answer(question)).encode()
        if fault == "drop":
            self.close_connection = True
            self.connection.close()
            return
        if fault == "slow":
            time.sleep(1.5)
        self.send_response(fault if isinstance(fault, int) else 200)
        if isinstance(fault, int) and interface.retry_after:
            self.send_header("Retry-After", interface.retry_after)
        if fault == "html":
            body = b"<html>maintenance</html>"
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault == "drip":  # each byte in time, the whole never
            for place in range(len(body)):
                self.wfile.write(body[place : place + 1])
                self.wfile.flush()
                time.sleep(0.05)
            return
        self.wfile.write(body[: len(body) // 2] if fault == "cut" else body)

    def log_message(self, *message):
        pass


@contextmanager
def registry_server(records):
    """The interface with these records, and its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.interface = Interface(records)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.interface, f"http://127.0.0.1:{server.server_address[1]}/api/"
    finally:
        server.shutdown()
        server.server_close()
