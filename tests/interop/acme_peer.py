#!/usr/bin/env python3
"""The served relay against an authority that somebody else wrote: Pebble, Let's Encrypt's own test server (Debian's package
`pebble`), and against curl as the visitor.

Everything is on loopback: Pebble asks its companion for names and finds every one here. It also refuses a part of the
nonces, as it does by itself. Needs openssl and curl. The last line says `N passed, N failed`.
"""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("MIKRELAY", str(ROOT / "target" / "release" / "mikrelay"))
PEBBLE = os.environ.get("PEBBLE") or shutil.which("pebble") or "/usr/bin/pebble"
NAMES = os.environ.get("PEBBLE_CHALLTESTSRV") or shutil.which("pebble-challtestsrv") or "/usr/bin/pebble-challtestsrv"
NAME = "pay.example.net"
PATIENCE_S = 30


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def until(what, test, patience_s=PATIENCE_S):
    began = time.monotonic()
    while time.monotonic() - began < patience_s:
        if found := test():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {patience_s} s: {what}")


def listens(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def end(process):
    if process and process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


# --- the authority ---------------------------------------------------------------------------------------------------


class Authority:
    """Pebble, and who tells it where names lead. `http_port` is where it looks for proofs."""

    def __init__(self, folder, http_port, lifetime_s=90 * 86400):
        self.folder, self.http_port, self.lifetime_s = folder, http_port, lifetime_s
        self.port, self.management, self.dns, self.names_management = free_ports(4)
        self.process = self.names = None
        self.ca = folder / "authority-ca.pem"
        self.root = folder / "root.pem"
        make_own_certificate(folder)

    def start(self):
        config = {
            "pebble": {
                "listenAddress": f"127.0.0.1:{self.port}",
                "managementListenAddress": f"127.0.0.1:{self.management}",
                "certificate": str(self.folder / "authority.pem"),
                "privateKey": str(self.folder / "authority.key"),
                "httpPort": self.http_port,
                "tlsPort": 1,
                "certificateValidityPeriod": self.lifetime_s,
            }
        }
        path = self.folder / "pebble.json"
        path.write_text(json.dumps(config))
        log = open(self.folder / "pebble.log", "a")
        if self.names is None:
            arguments = [NAMES, "-dns01", f"127.0.0.1:{self.dns}", "-management", f"127.0.0.1:{self.names_management}"]
            arguments += ["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""]
            self.names = subprocess.Popen(arguments, stdout=log, stderr=log)
            until("names are told", lambda: listens(self.names_management))
        environment = os.environ | {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0"}
        arguments = [PEBBLE, "-config", str(path), "-dnsserver", f"127.0.0.1:{self.dns}"]
        self.process = subprocess.Popen(arguments, env=environment, stdout=log, stderr=log)
        until("Pebble listens", lambda: listens(self.port) and listens(self.management))
        context = ssl.create_default_context(cafile=str(self.ca))
        with urllib.request.urlopen(f"https://127.0.0.1:{self.management}/roots/0", context=context) as answer:
            self.root.write_bytes(answer.read())
        return self

    def stop(self):
        end(self.process)

    def close(self):
        end(self.process)
        end(self.names)

    def make_unknown(self, name):
        body = json.dumps({"host": name}).encode()
        urllib.request.urlopen(f"http://127.0.0.1:{self.names_management}/set-servfail", body).read()

    def log(self):
        return (self.folder / "pebble.log").read_text()


def make_own_certificate(folder):
    """What Pebble's own address shows: the relay must be told of its authority."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "authority-ca.pem", "-days", "30", "-subj", "/CN=test")
    openssl("req", *curve, "-keyout", "authority.key", "-out", "authority.csr", "-subj", "/CN=pebble")
    (folder / "authority.ext").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    signing = ["-CA", "authority-ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "authority.ext"]
    openssl("x509", "-req", "-in", "authority.csr", *signing, "-out", "authority.pem", "-days", "30")


# --- the relay -------------------------------------------------------------------------------------------------------


class Relay:
    def __init__(self, folder, authority, names=(NAME,), ports=None):
        self.folder, self.authority = folder, authority
        self.http, self.https = ports or free_ports(2)
        self.process = None
        settings = f"""
listen = "127.0.0.1:{self.http}"
public_url = "https://{NAME}:{self.https}"
data_dir = "data"
[tls]
listen = "127.0.0.1:{self.https}"
acme_domain = {json.dumps(list(names))}
acme_directory = "https://127.0.0.1:{authority.port}/dir"
acme_ca_file = "authority-ca.pem"
acme_email = "operator@example.net"
"""
        (folder / "mikrelay.toml").write_text(settings)

    def start(self):
        log = open(self.folder / "relay.log", "a")
        self.process = subprocess.Popen([PROGRAM, "serve"], cwd=self.folder, stdout=log, stderr=log)
        until("the relay listens", lambda: listens(self.http) and listens(self.https))
        return self

    def stop(self):
        self.process.terminate()
        assert self.process.wait(timeout=20) == 0, "it ends well"

    def try_again(self):
        self.process.send_signal(signal.SIGHUP)

    def log(self):
        return (self.folder / "relay.log").read_text()

    def curl(self, url, *more):
        """Exit code, status, headers and body."""
        resolve = []
        for name in (NAME, "other.example.org", "b.example.net"):
            resolve += ["--resolve", f"{name}:{self.http}:127.0.0.1", "--resolve", f"{name}:{self.https}:127.0.0.1"]
        trust = ["--cacert", str(self.authority.root)] if self.authority.root.exists() else []
        command = ["curl", "-sS", "-i", "--max-time", "20", *resolve, *trust, *more, url]
        done = subprocess.run(command, capture_output=True, text=True)
        # Line ends are read as Python's own.
        head, _, body = done.stdout.partition("\n\n")
        found = re.match(r"HTTP/\S+ (\d+)", head)
        return done.returncode, int(found[1]) if found else 0, head.lower(), body or done.stderr

    def plain(self, path, *more, name=NAME):
        return self.curl(f"http://{name}:{self.http}{path}", *more)

    def safe(self, path, *more, name=NAME):
        return self.curl(f"https://{name}:{self.https}{path}", *more)

    def is_protected(self):
        return self.safe("/health/live")[0] == 0

    def serial(self, name=NAME):
        shown = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.https}", "-servername", name],
            input="", capture_output=True, text=True,
        )
        found = subprocess.run(
            ["openssl", "x509", "-noout", "-serial", "-issuer"], input=shown.stdout, capture_output=True, text=True
        )
        return found.stdout.strip()


# --- what is checked -------------------------------------------------------------------------------------------------


def first_certificate(folder):
    """Plain until there is a certificate; then pages go to HTTPS and nothing else does; nothing is asked twice."""
    ports = free_ports(2)
    authority = Authority(folder, ports[0])
    relay = Relay(folder, authority, ports=ports).start()
    try:
        page = "/retrieve-mikhmon-code?a=%20b&c=d//e"
        assert relay.plain(page)[1] == 200, "plain while there is no certificate"
        assert relay.safe("/health/live", "-k")[0] != 0, "nothing to show yet"
        until("the failure is told", lambda: "what to do:" in relay.log())
        assert "acme_ca_file" in relay.log() and "cannot" not in relay.plain("/health/live")[3]
        authority.start()
        relay.try_again()
        until("the certificate is in force", relay.is_protected)
        code, status, head, _ = relay.safe(page)
        assert (code, status) == (0, 200), (code, status)
        assert "strict-transport-security" not in head
        for version in ("1.2", "1.3"):
            done = relay.safe("/health/live", f"--tlsv{version}", "--tls-max", version, "-w", "%{ssl_verify_result}")
            assert done[:2] == (0, 200) and done[3].endswith("0"), done
        assert relay.safe("/health/live", "--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0")[0] == 35
        assert relay.safe("/health/live", "--http2", "-w", "%{http_version}")[3].endswith("1.1")
        assert relay.safe("/health/live", name="other.example.org")[0] == 60, "the name does not fit"
        code, status, _, body = relay.curl(f"http://127.0.0.1:{relay.https}/")
        assert status == 400 and "https://" in body, (code, status, body)
        check_redirects(relay, page)
        check_folder(folder)
        asked = relay.log().count("asking for a certificate")
        serial = relay.serial()
        relay.stop()
        relay.start()
        until("it is served again", relay.is_protected)
        time.sleep(1)
        assert relay.serial() == serial and relay.log().count("asking for a certificate") == asked
    finally:
        end(relay.process)
        authority.close()


def check_redirects(relay, page):
    port = f":{relay.https}"
    for path in (page, "/buy-mikhmon?profile_name=1H&price=100%20F&mac=AA:BB&x=", "//buy-mikhmon-feexpay?a=b", "/b/x?mac=1"):
        for method in ([], ["-I"]):
            _, status, head, _ = relay.plain(path, "--path-as-is", *method)
            assert status == 307, (path, status)
            assert f"location: https://{NAME}{port}{path}\n".lower() in head + "\n", (path, head)
            assert "cache-control: no-store" in head, head
    form = ["-d", "phone=1"]
    for path, more, expected in [
        ("/pay_callback/fedapay/hotspot1", ["-d", "{}"], 404),
        ("/pay_callback/fedapay/hotspot1", [], 404),
        ("/health/live", [], 200),
        ("/health/ready", [], 200),
        ("/.well-known/acme-challenge/x", [], 404),
        ("/pagos", ["-d", "{}"], 401),
        ("/api/v1/catalogo_perfiles_venta", [], 403),
        ("/static/order.js", [], 200),
        ("/retrieve-mikhmon-code", form, None),
        ("/nowhere", [], 404),
    ]:
        status = relay.plain(path, *more)[1]
        assert status == expected or (expected is None and status not in (307, 0)), (path, status)
    assert relay.plain(page, name="other.example.org")[1] == 200, "a foreign name is sent nowhere"
    assert relay.plain(page, "-H", "Host: other.example.org")[1] == 200


def check_folder(folder):
    kept = folder / "data" / "acme"
    files = [path for path in kept.rglob("*") if path.is_file()]
    assert len(files) == 2, files
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o600, path
        assert "PRIVATE KEY" not in path.read_text() and "key_pkcs8" not in path.read_text(), path
    assert all(path.stat().st_mode & 0o777 == 0o700 for path in kept.iterdir())


def renewal(folder):
    """Certificates of half a minute are renewed without a request failing, also by an authority that forgot us."""
    ports = free_ports(2)
    authority = Authority(folder, ports[0], lifetime_s=24).start()
    relay = Relay(folder, authority, ports=ports).start()
    try:
        until("the certificate is in force", relay.is_protected)
        first = relay.serial()

        def is_renewed(old):
            code, status, _, body = relay.safe("/health/live", "-k")
            assert (code, status) == (0, 200), body
            return relay.serial() not in ("", old)

        until("it is renewed", lambda: is_renewed(first))
        second = relay.serial()
        assert relay.log().count("has a certificate until") == 2, relay.log()
        authority.stop()
        authority.start()
        until("a new account was made and the certificate renewed", lambda: is_renewed(second))
        issuer = lambda text: text.split("issuer=")[1]
        assert issuer(relay.serial()) != issuer(second), "Pebble has new roots at each start"
        assert relay.safe("/health/live")[:2] == (0, 200), "the new chain is complete"
        authority.stop()
        until("the failure is told", lambda: "no new certificate for" in relay.log(), 60)
        assert relay.safe("/health/live", "-k")[:2] == (0, 200), "what there is stays in force"
    finally:
        end(relay.process)
        authority.close()


def refused_proof(folder):
    """An authority that cannot reach port 80: told with what to do, and the relay serves on."""
    relay_ports, (nowhere,) = free_ports(2), free_ports(1)
    authority = Authority(folder, nowhere).start()
    relay = Relay(folder, authority, ports=relay_ports).start()
    try:
        until("the refusal is told", lambda: "could not check the name" in relay.log(), 60)
        assert f"port 80 of `{NAME}`" in relay.log(), relay.log()
        assert "is asked for again at" in relay.log()
        assert relay.plain("/retrieve-mikhmon-code")[1] == 200, "not redirected"
        assert relay.plain("/.well-known/acme-challenge/x")[1] == 404
        relay.stop()
        asked = relay.log().count("asking for a certificate")
        relay.start()
        time.sleep(3)
        assert relay.log().count("asking for a certificate") == asked, "a start does not use up the authority's patience"
    finally:
        end(relay.process)
        authority.close()


def two_names(folder):
    """A name that cannot be proved costs the other one nothing; each has a certificate of its own."""
    ports = free_ports(2)
    authority = Authority(folder, ports[0]).start()
    authority.make_unknown("broken.example.net")
    relay = Relay(folder, authority, names=["broken.example.net", NAME, "b.example.net"], ports=ports).start()
    try:
        until("the first name's refusal is told", lambda: "no new certificate for `broken.example.net`" in relay.log(), 60)
        until("the others are served", lambda: relay.is_protected() and relay.safe("/health/live", name="b.example.net")[0] == 0)
        assert relay.serial() != relay.serial("b.example.net")
        assert relay.plain("/retrieve-mikhmon-code", name="b.example.net")[1] == 307
        assert relay.plain("/retrieve-mikhmon-code", "-H", "Host: broken.example.net")[1] == 200
    finally:
        end(relay.process)
        authority.close()


def main():
    checks = [first_certificate, renewal, refused_proof, two_names]
    wanted = sys.argv[1:]
    passed = failed = 0
    for check in checks:
        if wanted and check.__name__ not in wanted:
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            try:
                check(folder)
                passed += 1
                print(f"ok      {check.__name__}: {check.__doc__}")
            except Exception:
                failed += 1
                print(f"FAILED  {check.__name__}")
                traceback.print_exc()
                for log in ("relay.log", "pebble.log"):
                    if (folder / log).exists():
                        print(f"--- {log}\n" + (folder / log).read_text()[-4000:])
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
