#!/usr/bin/env python3
"""Our mail sender against mail servers: a real one (aiosmtpd, with AUTH and STARTTLS) and scripted bad ones.

Each check starts its own server on loopback, lets `examples/send_mail.rs` send, and reads back what arrived
with Python's own mail parser. Needs openssl for the certificates. The last line says `N passed, N failed`.
"""

import asyncio
import email
import email.policy
import json
import logging
import os
import ssl
import subprocess
import sys
import tempfile
import traceback
from email.utils import getaddresses
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult

ROOT = Path(__file__).resolve().parents[2]
USER, PASSWORD = "relay@example.net", "s3cret pass-wörd"
FROM = "Wi-Fi été <relay@example.net>"
DEADLINE_S = 20


# --- the sender ------------------------------------------------------------------------------------------------------


def build_sender():
    subprocess.run(["cargo", "build", "--quiet", "--locked", "--example", "send_mail"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "debug" / "examples" / "send_mail"


async def send(port, messages, security="off", login=False, ca_file=None, host="127.0.0.1", password=PASSWORD):
    """What came of each message, and how long it took in all."""
    settings = {"host": host, "port": port, "security": security, "from": FROM, "messages": messages}
    if login:
        settings |= {"user": USER, "password": password}
    if ca_file:
        settings["ca_file"] = str(ca_file)
    began = asyncio.get_running_loop().time()
    process = await asyncio.create_subprocess_exec(
        SENDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(json.dumps(settings).encode()), timeout=60)
    assert process.returncode == 0, err.decode()
    assert PASSWORD not in out.decode() + err.decode(), "the password was printed"
    return out.decode().splitlines(), asyncio.get_running_loop().time() - began


def letter(**changes):
    return {
        "recipient": "awa@example.net",
        "subject": "4 heures – 100 XOF",
        "text": "Bonjour Awa,\nvotre code : mmk7p2qz\n",
        "message_id": "A1B2C3.sale.k3j4@mikrelay.invalid",
    } | changes


# --- the real server -------------------------------------------------------------------------------------------------


class Mailbox:
    """An aiosmtpd handler that keeps what arrives."""

    def __init__(self):
        self.envelopes = []

    async def handle_DATA(self, server, session, envelope):
        self.envelopes.append((session, envelope))
        return "250 taken"


class RealServer:
    """aiosmtpd on a free port. `offer` is what AUTH may be used: all, or a single mechanism."""

    def __init__(self, certificate, security="off", login=False, without=()):
        self.mailbox, self.certificate, self.security = Mailbox(), certificate, security
        self.logins = []
        self.options = {"hostname": "mail.example.net", "enable_SMTPUTF8": False, "timeout": 30}
        if security == "starttls":
            self.options |= {"tls_context": certificate.context(), "require_starttls": True}
        if login:
            self.options |= {
                "authenticator": self.check,
                "auth_required": True,
                # Under implicit TLS the server does not see that the line is encrypted.
                "auth_require_tls": security == "starttls",
                "auth_exclude_mechanism": without,
            }

    def check(self, server, session, envelope, mechanism, data):
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append((mechanism, session.ssl is not None, right))
        return AuthResult(success=right, handled=False)

    async def __aenter__(self):
        context = self.certificate.context() if self.security == "tls" else None
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(
            lambda: SMTP(self.mailbox, loop=loop, **self.options), "127.0.0.1", 0, ssl=context
        )
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()

    def messages(self):
        """Each arrived mail: recipients of the envelope, parsed mail, raw bytes."""
        parse = lambda content: email.message_from_bytes(content, policy=email.policy.default)
        return [(envelope.rcpt_tos, parse(envelope.content), envelope.content) for _, envelope in self.mailbox.envelopes]

    def only_message(self):
        assert len(self.mailbox.envelopes) == 1, self.mailbox.envelopes
        return self.messages()[0]


class Certificate:
    """A certificate authority of our own and a certificate of it for 127.0.0.1, made once by openssl."""

    def __init__(self, folder):
        self.ca, self.key, self.pem = folder / "ca.pem", folder / "leaf.key", folder / "leaf.pem"
        ca_key, request, extensions = folder / "ca.key", folder / "leaf.csr", folder / "leaf.ext"
        extensions.write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n")
        ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        self.run("req", "-x509", *ec, "-keyout", ca_key, "-out", self.ca, "-days", "2", "-subj", "/CN=Test authority")
        self.run("req", *ec, "-keyout", self.key, "-out", request, "-subj", "/CN=mail")
        signed = ["-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2", "-extfile", extensions]
        self.run("x509", "-req", "-in", request, "-out", self.pem, *signed)

    @staticmethod
    def run(*command):
        subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True)

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pem, self.key)
        return context


# --- scripted servers ------------------------------------------------------------------------------------------------


class ScriptedServer:
    """Answers by command; takes a bare LF for a line end, as some servers do, and records every line.

    An answer is a text, or `HANG` (silence), `DRIP` (one byte a second) or `CUT` (hangs up).
    """

    HANG, DRIP, CUT = object(), object(), object()

    def __init__(self, **answers):
        self.answers = {
            "greeting": "220 mail.example.net",
            "ehlo": "250-mail.example.net\r\n250 8BITMIME",
            "mail": "250 ok",
            "rcpt": "250 ok",
            "data": "354 go on",
            "text": "250 taken",
            "quit": "221 bye",
        } | answers
        self.sessions = []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        self.tasks = []
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for task in self.tasks:
            task.cancel()

    async def serve(self, reader, writer):
        self.tasks.append(asyncio.current_task())
        lines = []
        self.sessions.append(lines)
        try:
            if not await self.answer(writer, "greeting"):
                return
            while line := await reader.readline():
                lines.append(line.rstrip(b"\r\n").decode("utf-8", "replace"))
                verb = lines[-1].split(" ")[0].lower()
                step = verb if verb in self.answers else "unknown"
                if not await self.answer(writer, step):
                    return
                if step == "data" and self.answers["data"].startswith("354"):
                    while line := await reader.readline():
                        lines.append(line.rstrip(b"\r\n").decode("utf-8", "replace"))
                        if lines[-1] == ".":
                            break
                    if not await self.answer(writer, "text"):
                        return
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def answer(self, writer, step):
        answer = self.answers.get(step, "500 what")
        if answer is self.CUT:
            return False
        if answer is self.HANG:
            await asyncio.sleep(120)
        if answer is self.DRIP:
            for byte in b"250-" + b"x" * 200:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(1)
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        return True

    def commands(self):
        """What was said outside the text, of the one session there must be."""
        assert len(self.sessions) == 1, self.sessions
        lines, inside = [], False
        for line in self.sessions[0]:
            if inside:
                inside = line != "."
            else:
                lines.append(line)
                inside = line == "DATA"
        return lines


# --- checks ----------------------------------------------------------------------------------------------------------


async def check_starttls_and_login(certificate):
    async with RealServer(certificate, "starttls", login=True) as server:
        outcome, _ = await send(server.port, [letter()], "starttls", login=True, ca_file=certificate.ca)
        assert outcome == ["sent"], outcome
        assert [login[1:] for login in server.logins] == [(True, True)], server.logins
        recipients, mail, raw = server.only_message()
        assert recipients == ["awa@example.net"]
        assert mail["Subject"] == "4 heures – 100 XOF"
        assert mail["From"].addresses[0].display_name == "Wi-Fi été"
        assert mail["From"].addresses[0].addr_spec == "relay@example.net"
        assert getaddresses([mail["To"]]) == [("", "awa@example.net")]
        assert mail["Message-ID"] == "<A1B2C3.sale.k3j4@mikrelay.invalid>"
        assert mail["Date"].datetime.isoformat() == "2026-11-02T19:19:00+00:00"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail.get_content_type() == "text/plain" and mail.get_content_charset() == "utf-8"
        assert mail.get_content().rstrip().splitlines() == ["Bonjour Awa,", "votre code : mmk7p2qz"]
        assert raw.isascii() and max(map(len, raw.split(b"\r\n"))) <= 100


async def check_tls_from_the_first_byte(certificate):
    async with RealServer(certificate, "tls", login=True) as server:
        outcome, _ = await send(server.port, [letter()], "tls", login=True, ca_file=certificate.ca)
        assert outcome == ["sent"], outcome
        assert server.only_message()[0] == ["awa@example.net"] and server.logins[0][2]


async def check_login_by_the_older_mechanism(certificate):
    async with RealServer(certificate, "starttls", login=True, without=("PLAIN",)) as server:
        outcome, _ = await send(server.port, [letter()], "starttls", login=True, ca_file=certificate.ca)
        assert outcome == ["sent"] and server.logins == [("LOGIN", True, True)], (outcome, server.logins)


async def check_in_the_clear(certificate):
    async with RealServer(certificate) as server:
        outcome, _ = await send(server.port, [letter()])
        assert outcome == ["sent"] and len(server.messages()) == 1, outcome


async def check_a_repetition_has_the_same_id(certificate):
    async with RealServer(certificate) as server:
        outcome, _ = await send(server.port, [letter(), letter()])
        assert outcome == ["sent", "sent"], outcome
        ids = {mail["Message-ID"] for _, mail, _ in server.messages()}
        assert len(server.messages()) == 2 and len(ids) == 1, ids


async def check_a_sale_is_read_back(certificate):
    sale = {"language": "fr", "to": "operator", "company": "Cyber Awa", "label": "4 heures", "phone": "2290166000000"}
    messages = [letter(sale=sale), letter(sale=sale | {"to": "buyer", "language": "es"}, recipient="buyer@example.net")]
    async with RealServer(certificate) as server:
        outcome, _ = await send(server.port, messages)
        assert outcome == ["sent", "sent"], outcome
        (_, operator, _), (recipients, buyer, _) = server.messages()
        assert operator["Subject"] == "Vente : 4 heures, 100\u00a0FCFA"
        for value in ("4 heures", "100\u00a0FCFA", "104015", "2290166000000", "02:00:00:00:00:01", "mmk7p2qz"):
            assert value in operator.get_content(), value
        assert recipients == ["buyer@example.net"] and "Código: mmk7p2qz" in buyer.get_content()


HOSTILE = [
    "a\r\nBcc: x@evil.example",
    "a\nBcc: x@evil.example\n\nbody",
    "a\rBcc: x@evil.example",
    "a\r\n.\r\nMAIL FROM:<x@evil.example>\r\nRCPT TO:<y@evil.example>\r\nDATA\r\n",
    "a\n.\nMAIL FROM:<x@evil.example>",
    "a\u2028Bcc: x@evil.example\u0085Bcc: y@evil.example",
    "nul\0byte <b>{{7*7}}</b> $(mac) \"quoted\" <x@evil.example>",
    "=?utf-8?Q?a=0D=0ABcc:_x@evil.example?=",
    "été ✓ 電話 \U0001f600 \u202e gnirts",
    "x" * (1 << 20),
    ".",
    "..leading dots",
]


async def check_m2_hostile_texts_stay_texts(certificate):
    async with RealServer(certificate) as server, ScriptedServer() as loose:
        messages = [letter(subject=text, text=f"{text}\n.\n..\nend\n", message_id=text) for text in HOSTILE]
        sale = {"language": "pt", "to": "operator"}
        messages += [letter(sale=sale | {"company": text, "label": text, "phone": text}) for text in HOSTILE]
        outcome, _ = await send(server.port, messages)
        assert outcome == ["sent"] * len(messages), outcome
        assert len(server.messages()) == len(messages)
        expected = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"}
        expected |= {"MIME-Version", "Content-Type", "Content-Transfer-Encoding"}
        for recipients, mail, raw in server.messages():
            assert recipients == ["awa@example.net"], recipients
            assert sorted(mail.keys()) == sorted(expected), mail.keys()
            assert not mail.defects and len(mail["Subject"]) <= 200, mail.defects
            assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")
            assert b"\0" not in raw and raw.isascii()
        plain = server.messages()[HOSTILE.index(".")][1].get_content()
        assert plain.splitlines()[:4] == [".", ".", "..", "end"], plain
        for text in HOSTILE:
            loose.sessions.clear()
            outcome, _ = await send(loose.port, [letter(subject=text, text=text, message_id=text)])
            assert outcome == ["sent"], outcome
            verbs = [line.split(" ")[0].split(":")[0] for line in loose.commands()]
            assert verbs == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"], loose.commands()


async def check_m2_hostile_addresses_reach_no_server(certificate):
    bad = ["a@b.cd\r\nBcc: x@evil.example", "a@b.cd\n", "a@b.cd,x@evil.example", "a@b.cd x@evil.example", "", "a"]
    bad += ["<a@b.cd>", "a@b.cd>\r\nRCPT TO:<x@evil.example", "a\0@b.cd", "é@b.cd", "a@[127.0.0.1]", "a" * 70000 + "@b.cd"]
    async with ScriptedServer() as server:
        outcome, _ = await send(server.port, [letter(recipient=recipient) for recipient in bad])
        assert all(line.startswith("never:") for line in outcome) and len(outcome) == len(bad), outcome
        assert server.sessions == [], server.sessions


async def check_a_wrong_password_waits_for_the_operator(certificate):
    async with RealServer(certificate, "starttls", login=True) as server:
        options = {"login": True, "ca_file": certificate.ca, "password": "wrong"}
        outcome, _ = await send(server.port, [letter()], "starttls", **options)
        assert outcome[0].startswith("later:") and "the login" in outcome[0], outcome
        assert server.messages() == []


async def check_no_starttls_no_word(certificate):
    async with ScriptedServer() as server:
        outcome, _ = await send(server.port, [letter()], "starttls", login=True)
        assert outcome[0].startswith("later:") and "STARTTLS" in outcome[0], outcome
        assert not [line for line in server.sessions[0] if line.startswith(("AUTH", "MAIL"))], server.sessions


async def check_a_refused_upgrade_waits(certificate):
    ehlo = "250-mail.example.net\r\n250 STARTTLS"
    for answer in ("454 not now", "501 never"):
        async with ScriptedServer(ehlo=ehlo, starttls=answer) as server:
            outcome, _ = await send(server.port, [letter()], "starttls", login=True)
            assert outcome[0].startswith("later:"), outcome
            assert not [line for line in server.sessions[0] if line.startswith(("AUTH", "MAIL"))], server.sessions
    async with ScriptedServer(ehlo=ehlo, starttls="220 go on") as server:
        outcome, _ = await send(server.port, [letter()], "starttls", login=True)
        assert outcome[0].startswith("later:"), ("garbage instead of TLS", outcome)


async def check_unknown_certificates_are_refused(certificate):
    for security in ("starttls", "tls"):
        async with RealServer(certificate, security, login=True) as server:
            outcome, _ = await send(server.port, [letter()], security, login=True)
            assert outcome[0].startswith("later:") and server.logins == [], (security, outcome)
            outcome, _ = await send(
                server.port, [letter()], security, login=True, ca_file=certificate.ca, host="localhost"
            )
            assert outcome[0].startswith("later:") and server.logins == [], ("another name", outcome)


async def check_m1_answers_decide_about_trying_again(certificate):
    cases = [
        ({"rcpt": "450 later"}, "later:"),
        ({"rcpt": "550 no such user"}, "never:"),
        ({"data": "451 later"}, "later:"),
        ({"text": "452 disk full"}, "later:"),
        ({"text": "554 spam"}, "never:"),
        ({"text": "554-line one\r\n554 line two"}, "never:"),
        ({"greeting": "421 busy"}, "later:"),
        ({"greeting": "554 no service"}, "later:"),
        ({"mail": "451 later"}, "later:"),
        ({"mail": "550 sender over quota"}, "later:"),
        ({"text": ScriptedServer.CUT}, "later:"),
        ({"greeting": ScriptedServer.CUT}, "later:"),
        ({"greeting": "HTTP/1.1 400 Bad Request"}, "later:"),
        ({"greeting": "220 " + "x" * 300_000}, "later:"),
        ({"text": "550 a\x1b[31m\u202eb" + "c" * 400}, "never:"),
        ({"quit": "500 no"}, "sent"),
        ({"quit": ScriptedServer.CUT}, "sent"),
    ]
    for answers, expected in cases:
        async with ScriptedServer(**answers) as server:
            outcome, _ = await send(server.port, [letter()])
            assert len(outcome) == 1 and outcome[0].startswith(expected), (str(answers)[:80], outcome)
            assert outcome[0].isprintable() and len(outcome[0]) < 400, outcome


async def check_m1_nobody_there(certificate):
    async with ScriptedServer() as server:
        port = server.port
    outcome, _ = await send(port, [letter()])
    assert outcome[0].startswith("later:"), outcome


async def check_m1_slow_servers_cost_one_deadline(certificate):
    hang, drip = ScriptedServer.HANG, ScriptedServer.DRIP
    silent = [{"greeting": hang}, {"ehlo": hang}, {"text": hang}, {"ehlo": drip}, {"greeting": drip}]

    async def one(answers):
        async with ScriptedServer(**answers) as server:
            return await send(server.port, [letter()])

    for outcome, seconds in await asyncio.gather(*map(one, silent)):
        assert outcome[0].startswith("later:") and str(DEADLINE_S) in outcome[0], outcome
        assert DEADLINE_S - 1 <= seconds <= DEADLINE_S + 5, seconds
    outcome, seconds = await one({"quit": hang})
    assert outcome == ["sent"] and seconds < 5, ("a goodbye that hangs", outcome, seconds)


async def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        certificate = Certificate(Path(folder))
        checks = [(name, check) for name, check in globals().items() if name.startswith("check_")]
        for name, check in checks:
            try:
                await asyncio.wait_for(check(certificate), timeout=180)
                passed += 1
                print(f"ok: {name}", flush=True)
            except Exception as error:  # each check is reported, whatever went wrong in it
                failed += 1
                traceback.print_exception(error, limit=-2, file=sys.stdout)
                print(f"FAILED: {name}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    # The refused handshakes below are wanted; the server need not tell of them.
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    SENDER = build_sender()
    sys.exit(asyncio.run(main()))
