#!/usr/bin/env python3
"""The API of the demo against its own OpenAPI document, by schemathesis (PyPI): no server error, and no answer that the
document does not tell.

A whole demo is started, so routers and gateways answer. Each run has a router's key and a session of one role. The last line says `N passed, N failed`.
"""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAM = os.environ.get("MIKRELAY", str(ROOT / "target" / "release" / "mikrelay"))
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
]
# Both runs together stay near a minute: the whole of the checks has half an hour.
SECONDS = int(os.environ.get("SCHEMATHESIS_SECONDS", "30"))
SEED = os.environ.get("SCHEMATHESIS_SEED", "20261121")


class Demo:
    def __init__(self):
        self.process = subprocess.Popen([PROGRAM, "demo", "--port", "0"], stdout=subprocess.PIPE, text=True)
        self.places, self.users = {}, {}
        for line in self.process.stdout:
            if found := re.fullmatch(r"(\w+)\s+(http://\S+)\s*", line):
                self.places[found[1]] = found[2]
            # `super_admin  e-mail  password`
            if found := re.fullmatch(r"(super_admin|cliente_admin)\s+(\S+)\s+(\S+)\s*", line):
                self.users[found[1]] = (found[2], found[3])
            if line.strip() == "ready":
                return
        raise RuntimeError("the demo ended before it was ready")

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=30)

    def router_key(self):
        config = fetch(self.places["pagos"].rstrip("/") + "/config.js")
        return json.loads(config.removeprefix("window.PORTAL = ").strip().rstrip(";"))["key"]

    def session(self, role):
        email, password = self.users[role]
        body = json.dumps({"email": email, "password": password}).encode()
        answer = fetch(self.places["relay"].rstrip("/") + "/api/v1/auth/login", body)
        return json.loads(answer)["access_token"]


def fetch(url, body=None):
    headers = {"Content-Type": "application/json"} if body else {}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as answer:
        return answer.read().decode()


def run(demo, name, headers):
    command = [str(SCHEMATHESIS), "run", demo.places["relay"].rstrip("/") + "/openapi.json"]
    for header, value in headers.items():
        command += ["--header", f"{header}: {value}"]
    # What ends the session itself has tests of its own; afterwards every answer would be the same 401.
    command += ["--exclude-path-regex", "/auth/(logout|change-password)$"]
    command += ["--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing"]
    command += ["--max-time", str(SECONDS), "--seed", SEED, "--workers", "2", "--continue-on-failure"]
    # Answers are checked, not which requests are taken: the contract is more lenient than its types say. And the
    # routes of a sale or a login have limits of their own, whatever the address.
    command += ["--warnings", "off", "--request-timeout", "30", "--suppress-health-check", "all"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "openapi_hooks", "PYTHONPATH": str(HERE / "openapi"), "NO_COLOR": "1"}
    print(f"--- {name}", flush=True)
    # Its database of examples belongs to no tree.
    with_folder = ROOT / "target"
    result = subprocess.run(command, cwd=with_folder, env=environment, timeout=SECONDS * 3 + 60)
    return result.returncode == 0


def main():
    passed = failed = 0

    def note(name, good):
        nonlocal passed, failed
        passed, failed = passed + bool(good), failed + (not good)
        print(f"{'ok  ' if good else 'FAIL'} {name}", flush=True)

    names = {"super_admin": "a key and a super admin", "cliente_admin": "a key and a company's admin"}
    for role, name in names.items():
        # Each run changes what it finds: the next one begins anew.
        demo = Demo()
        try:
            headers = {"X-API-Key": demo.router_key(), "Authorization": f"Bearer {demo.session(role)}"}
            note(name, run(demo, name, headers))
        finally:
            note(f"the demo of the run with {name} ends well", demo.stop() == 0)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
