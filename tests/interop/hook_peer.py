#!/usr/bin/env python3
"""The webhooks we send against the reference library of the Standard Webhooks specification (PyPI `standardwebhooks`).

`examples/send_hook.rs` delivers over a real socket; what arrives is checked with the library, byte for byte.
The last line says `N passed, N failed`.
"""

import base64
import json
import os
import subprocess
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from standardwebhooks import Webhook, WebhookVerificationError

ROOT = Path(__file__).resolve().parents[2]
BODIES = [
    '{"type":"payment.succeeded","timestamp":"2026-11-21T12:00:00Z","data":{"amount":"15.50"}}',
    '{"type":"payment.failed","data":{"reason":"Fonds insuffisants – réessayez 😀"}}',
    "{}",
    '{ "odd" :  [1, 2 ] ,\n "x": "\\u00e9" }\n',
]


def secret(fill, size=32):
    return "whsec_" + base64.b64encode(bytes([fill]) * size).decode()


OLD, NEW, FOREIGN = secret(1, 24), secret(2), secret(3, 64)


def build_sender():
    subprocess.run(["cargo", "build", "--quiet", "--locked", "--example", "send_hook"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "debug" / "examples" / "send_hook"


class Receiver:
    """Keeps what arrives and answers with a chosen status."""

    def __init__(self, status=204):
        heard = self.heard = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                heard.append((dict(self.headers.items()), self.rfile.read(length), self.path))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path="/hook?t=1"):
        return f"http://127.0.0.1:{self.server.server_port}{path}"


def send(secrets, hooks, allow=("127.0.0.0/8",)):
    given = json.dumps({"secrets": secrets, "allow": list(allow), "hooks": hooks})
    done = subprocess.run([SENDER], input=given.encode(), capture_output=True, timeout=60, check=True)
    return done.stdout.decode().splitlines()


def refused(check, body, headers):
    try:
        check.verify(body, headers)
    except WebhookVerificationError:
        return True
    return False


def test_every_body_is_verified_by_the_library():
    receiver = Receiver()
    hooks = [{"url": receiver.url(), "id": f"msg_{n}", "body": body} for n, body in enumerate(BODIES)]
    assert send([NEW], hooks) == ["204"] * len(BODIES)
    for (headers, body, path), sent in zip(receiver.heard, BODIES, strict=True):
        assert body.decode() == sent and path == "/hook?t=1"
        assert headers["content-type"] == "application/json"
        assert Webhook(NEW).verify(body, headers) == json.loads(sent)
        assert refused(Webhook(FOREIGN), body, headers), "another secret"
        assert refused(Webhook(NEW), body + b" ", headers), "another body"
        assert refused(Webhook(NEW), body, headers | {"webhook-id": "msg_x"}), "another id"


def test_the_library_makes_the_same_signature():
    receiver = Receiver()
    at = int(time.time())
    send([NEW], [{"url": receiver.url(), "id": "msg_1", "body": BODIES[0], "timestamp": at}])
    from datetime import datetime, timezone

    made = Webhook(NEW).sign("msg_1", datetime.fromtimestamp(at, tz=timezone.utc), BODIES[0])
    assert receiver.heard[0][0]["webhook-signature"] == made


def test_while_rotating_both_secrets_verify():
    receiver = Receiver()
    send([NEW, OLD], [{"url": receiver.url(), "id": "msg_1", "body": BODIES[0]}])
    headers, body, _ = receiver.heard[0]
    Webhook(OLD).verify(body, headers)
    Webhook(NEW).verify(body, headers)
    assert refused(Webhook(FOREIGN), body, headers)


def test_an_old_delivery_is_refused_by_the_library():
    receiver = Receiver()
    late = int(time.time()) - 3600
    send([NEW], [{"url": receiver.url(), "id": "msg_1", "body": BODIES[0], "timestamp": late}])
    headers, body, _ = receiver.heard[0]
    assert refused(Webhook(NEW), body, headers), "the time is signed and too old"


def test_inner_addresses_are_not_called():
    receiver = Receiver()
    port = receiver.server.server_port
    places = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0"]
    hooks = [{"url": f"http://{place}:{port}/", "id": "msg_1", "body": "{}"} for place in places]
    answers = send([NEW], hooks, allow=())
    assert all("private or reserved" in answer for answer in answers), answers
    assert receiver.heard == []


def main():
    passed = failed = 0
    for name, check in list(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            check()
        except Exception:
            failed += 1
            print(f"FAILED {name}")
            traceback.print_exc(file=sys.stdout)
        else:
            passed += 1
            print(f"ok {name}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


SENDER = build_sender()
if __name__ == "__main__":
    main()
