#!/usr/bin/env python3
"""Other people's RouterOS clients against our simulated router: librouteros and routeros-api from PyPI.

If both take it for a router, then what our own client is tested against is one too. Each check starts a fresh
router (`examples/sim_router.rs`) of version 6 or 7, and one of before 6.43 for the old login. The last line
says `N passed, N failed`.
"""

import functools
import os
import subprocess
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path

import librouteros
import routeros_api
from librouteros.exceptions import ConnectionClosed, FatalError, TrapError
from librouteros.login import token
from librouteros.query import Key, Or
from routeros_api.exceptions import RouterOsApiCommunicationError
from routeros_api.query import IsEqualQuery, OrQuery

ROOT = Path(__file__).resolve().parents[2]
USER, PASSWORD = "relay", "relay-password"
USERS = "/ip/hotspot/user"
DUPLICATE = "failure: already have user with this name for this server"
TIMEOUT_S = 30


# --- the router ------------------------------------------------------------------------------------------------------


def build_router():
    subprocess.run(["cargo", "build", "--quiet", "--locked", "--example", "sim_router"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "debug" / "examples" / "sim_router"


@contextmanager
def router(version, *options):
    """The port of a router that runs as long as its standard input is open."""
    command = [ROUTER, "--version", version, "--user", USER, "--password", PASSWORD, *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("listening 127.0.0.1:"), line
            yield int(line.rsplit(":", 1)[1])
        finally:
            process.stdin.close()
            process.wait(TIMEOUT_S)


def voucher(name, **changes):
    return {"server": "hotspot1", "name": name, "password": name, "profile": "1hour", "limit-uptime": "1h"} | changes


# --- librouteros -----------------------------------------------------------------------------------------------------


@contextmanager
def lib(version, password=PASSWORD, **options):
    with router(version) as port:
        api = librouteros.connect("127.0.0.1", USER, password, port=port, timeout=TIMEOUT_S, **options)
        try:
            yield api
        finally:
            api.close()


def lib_login_and_identity(version):
    with lib(version) as api:
        assert list(api.path("/system/identity")) == [{"name": "demo-router"}]
        (resource,) = api.path("/system/resource")
        assert resource["version"].startswith({"v6": "6.49", "v7": "7.24"}[version]), resource


def lib_wrong_password(version):
    try:
        with lib(version, password="wrong"):
            raise AssertionError("it was let in")
    except TrapError as trap:
        assert trap.message == "invalid user name or password (6)", trap


def lib_add_and_print(version):
    with lib(version) as api:
        users = api.path(USERS)
        made = users.add(**voucher("ab3k9m", comment="vc-417-06.15.26-"))
        assert made.startswith("*"), made
        (row,) = [row for row in users if row["name"] == "ab3k9m"]
        assert row[".id"] == made and row["comment"] == "vc-417-06.15.26-", row
        assert row["profile"] == "1hour" and row["limit-uptime"] == "1h" and row["disabled"] is False, row
        assert "password" not in row, "the account has no policy to see passwords"


def lib_duplicate_trap(version):
    with lib(version) as api:
        users = api.path(USERS)
        users.add(**voucher("twice"))
        users.add(**voucher("twice", server="all"))
        try:
            users.add(**voucher("twice"))
            raise AssertionError("the duplicate was taken")
        except TrapError as trap:
            assert trap.message == DUPLICATE, trap
        assert len([row for row in users if row["name"] == "twice"]) == 2


def lib_unknown_and_ambiguous_references(version):
    with lib(version) as api:
        users = api.path(USERS)
        for changes, message in [
            ({"profile": "none"}, "input does not match any value of profile"),
            ({"server": "none"}, "input does not match any value of server"),
            ({"profile": "1"}, "ambiguous value of profile, more than one possible value matches input"),
        ]:
            try:
                users.add(**voucher("lost", **changes))
                raise AssertionError(f"{changes} was taken")
            except TrapError as trap:
                assert (trap.message, trap.category) == (message, 1), trap.message


def lib_queries(version):
    with lib(version) as api:
        users = api.path(USERS)
        for name, profile in [("a", "1hour"), ("b", "1day"), ("c", "1day")]:
            users.add(**voucher(name, profile=profile))
        name, profile, uptime = Key("name"), Key("profile"), Key("uptime")
        found = users.select(name, profile).where(profile == "1day")
        assert list(found) == [{"name": "b", "profile": "1day"}, {"name": "c", "profile": "1day"}]
        assert [row["name"] for row in users.select(name).where(Or(name == "a", name == "c"))] == ["a", "c"]
        assert [row["name"] for row in users.select(name).where(profile == "1day", name == "c")] == ["c"]
        assert [row["name"] for row in users.select(name).where(profile == "1day", name != "c")] == ["b"]
        assert len(list(users.select(name).where(uptime == "00:00:00", profile == "1day"))) == 2


def lib_empty_answer(version):
    with lib(version) as api:
        assert list(api.path("/ip/hotspot/active")) == []
        assert list(api.path(USERS).select(Key("name")).where(Key("name") == "nobody")) == []
        # The word that announces it exists from 7.18 on only.
        api.protocol.writeSentence("/ip/hotspot/active/print")
        words = [api.protocol.readSentence()[0]]
        while words[-1] != "!done":
            words.append(api.protocol.readSentence()[0])
        assert words == {"v6": ["!done"], "v7": ["!empty", "!done"]}[version], words


def lib_count_only(version):
    with lib(version) as api:
        api.path(USERS).add(**voucher("one"))
        (answer,) = api.rawCmd(f"{USERS}/print", "=count-only=", "?server=hotspot1")
        assert answer == {"ret": 1}, answer


def lib_set_disable_remove(version):
    with lib(version) as api:
        users = api.path(USERS)
        made = users.add(**voucher("gone"))
        users.update(**{".id": made, "comment": "x" * 300})
        tuple(users("disable", **{".id": made}))
        (row,) = users.select(Key("comment"), Key("disabled")).where(Key("name") == "gone")
        assert row == {"comment": "x" * 300, "disabled": True}, row
        users.remove(made)
        assert not [row for row in users if row["name"] == "gone"]
        try:
            users.remove(made)
            raise AssertionError("it was removed twice")
        except TrapError as trap:
            assert trap.message == "no such item", trap


def lib_dates(version):
    with lib(version) as api:
        (clock,) = api.path("/system/clock")
        assert ("/" in clock["date"]) == (version == "v6"), clock
        assert len(clock["time"]) == 8 and clock["gmt-offset"] == "+01:00", clock


def lib_no_rights(version):
    with lib(version) as api:
        try:
            api.path("/user").add(name="evil", group="full")
            raise AssertionError("it was allowed")
        except TrapError as trap:
            assert trap.message == "not enough permissions (9)", trap


def lib_listen_and_cancel(version):
    with lib(version) as api:
        api.protocol.writeSentence(f"{USERS}/listen", ".tag=news")
        with_tag = api.rawCmd(f"{USERS}/add", *(f"={key}={value}" for key, value in voucher("seen").items()))
        assert list(with_tag)[-1]["ret"].startswith("*")
        api.protocol.writeSentence("/cancel", "=tag=news", ".tag=stop")
        heard = []
        while len([word for word, _ in heard if word == "!done"]) < 2:
            heard.append(api.protocol.readSentence())
        interrupted = [words for word, words in heard if word == "!trap"]
        assert len(interrupted) == 1 and "=message=interrupted" in interrupted[0], heard
        assert ".tag=news" in interrupted[0] and "=category=2" in interrupted[0], heard


def lib_quit(version):
    with lib(version) as api:
        try:
            list(api("/quit"))
            raise AssertionError("the session went on")
        except FatalError as fatal:
            assert "session terminated on request" in str(fatal), fatal
        except ConnectionClosed:
            raise AssertionError("no `!fatal` before the end") from None


def lib_old_login(_version):
    with lib("old", login_method=token) as api:
        assert list(api.path("/system/identity")) == [{"name": "demo-router"}]
    try:
        with lib("old", login_method=token, password="wrong"):
            raise AssertionError("it was let in")
    except TrapError as trap:
        assert trap.message == "cannot log in", trap


# --- routeros-api ----------------------------------------------------------------------------------------------------


@contextmanager
def pool(version, *options, password=PASSWORD, plaintext_login=True):
    with router(version, *options) as port:
        connection = routeros_api.RouterOsApiPool(
            "127.0.0.1", username=USER, password=password, port=port, plaintext_login=plaintext_login
        )
        try:
            yield connection.get_api()
        finally:
            connection.disconnect()


def refusal(call):
    try:
        call()
    except RouterOsApiCommunicationError as error:
        message = error.original_message
        return message.decode() if isinstance(message, bytes) else message
    raise AssertionError("it was taken")


def ros_login_and_identity(version):
    with pool(version) as api:
        assert api.get_resource("/system/identity").get() == [{"name": "demo-router"}]


def ros_wrong_password(version):
    def log_in():
        with pool(version, password="wrong"):
            pass

    assert refusal(log_in) == "invalid user name or password (6)"


def ros_old_login(_version):
    # It offers name and password, gets a challenge, and answers it: the procedure of our own client.
    for plaintext_login in [True, False]:
        with pool("old", plaintext_login=plaintext_login) as api:
            assert api.get_resource("/system/identity").get() == [{"name": "demo-router"}]


def ros_add_print_duplicate_remove(version):
    with pool(version) as api:
        users = api.get_resource(USERS)
        users.add(**voucher("ab3k9m", email="ord1@mikrelay.invalid"))
        (row,) = users.get(name="ab3k9m")
        assert row["email"] == "ord1@mikrelay.invalid" and row["server"] == "hotspot1", row
        assert refusal(lambda: users.add(**voucher("ab3k9m"))) == DUPLICATE
        users.set(id=row["id"], profile="1day")
        assert users.get(name="ab3k9m")[0]["profile"] == "1day"
        users.remove(id=row["id"])
        assert list(users.get(name="ab3k9m")) == []


def ros_queries_and_empty(version):
    with pool(version) as api:
        users = api.get_resource(USERS)
        for name in ["a", "b", "c"]:
            users.add(**voucher(name))
        either = OrQuery(IsEqualQuery("name", "a"), IsEqualQuery("name", "c"))
        found = users.call("print", {"proplist": "name"}, additional_queries=[either])
        assert [row["name"] for row in found] == ["a", "c"], found
        assert list(api.get_resource("/ip/hotspot/active").get()) == []


def ros_parallel_commands(version):
    with pool(version) as api:
        users = api.get_resource(USERS)
        promises = [users.add_async(**voucher(f"p{number}")) for number in range(20)]
        names = api.get_resource("/ip/hotspot/user/profile").get_async()
        assert [row["name"] for row in names.get()] == ["default", "1hour", "1day"]
        for promise in reversed(promises):
            promise.get()
        assert len(users.get(server="hotspot1")) == 20


def ros_active_login(version):
    with pool(version) as api:
        api.get_resource(USERS).add(**voucher("a"))
        active = api.get_resource("/ip/hotspot/active")
        wish = {"user": "a", "password": "a", "ip": "10.5.50.9"}
        assert refusal(lambda: active.call("login", wish)) == "unknown host IP"
        assert refusal(lambda: active.call("login", wish | {"ip": "here"})) == "invalid value for argument ip"
        assert refusal(lambda: active.call("login", wish | {"server": "x"})) == "unknown parameter server"


def ros_an_account_as_text(version):
    # What a returning phone is compared with, its limits, and what an account with less rights sees of it.
    for policy, shown in [("api,read,write,sensitive", True), ("api,read,write", False)]:
        with pool(version, "--policy", policy) as api:
            users = api.get_resource(USERS)
            users.add(**voucher("0815", password="0042", comment="MODE=1 TL=2 TA=3"))
            (row,) = users.get(name="0815")
            assert row.get("password") == ("0042" if shown else None), row
            assert "mac-address" not in row and row["bytes-in"] == "0" and row["uptime"] == "0s", row
            users.set(**{"id": row["id"], "mac-address": "aa-bb-cc-00-11-22", "limit-uptime": "50m", "limit-bytes-in": "0"})
            (row,) = users.get(name="0815")
            assert (row["mac-address"], row["limit-uptime"]) == ("AA:BB:CC:00:11:22", "50m"), row
            assert "limit-bytes-in" not in row, row
            assert [row["name"] for row in users.get(**{"mac-address": "AA:BB:CC:00:11:22"})] == ["0815"]
            (login,) = api.get_resource("/user").get(name=USER)
            (group,) = api.get_resource("/user/group").get(name=login["group"])
            assert ("sensitive" in group["policy"].split(",")) == shown, group
            (profile,) = api.get_resource("/ip/hotspot/user/profile").get(name="1hour")
            assert (profile["add-mac-cookie"], profile["mac-cookie-timeout"]) == ("true", "3d"), profile


def ros_a_session_of_one_device(version):
    first, second = "10.5.50.9=AA:BB:CC:00:11:22", "10.5.50.8=3A:00:00:00:00:02"
    with pool(version, "--host", first, "--host", second) as api:
        users = api.get_resource(USERS)
        users.add(**voucher("a", **{"mac-address": "AA:BB:CC:00:11:22"}))
        active = api.get_resource("/ip/hotspot/active")
        wish = {"user": "a", "password": "a", "ip": "10.5.50.8", "mac-address": "3A:00:00:00:00:02"}
        assert refusal(lambda: active.call("login", wish)) == "user a is not allowed to log in from this MAC address"
        users.set(**{"id": users.get(name="a")[0]["id"], "mac-address": "3A:00:00:00:00:02"})
        assert refusal(lambda: active.call("login", wish | {"ip": "10.5.50.9"})) == "wrong MAC provided"
        active.call("login", wish)
        (session,) = active.get(user="a")
        assert session["id"].startswith("*") and session["mac-address"] == "3A:00:00:00:00:02", session
        assert (session["address"], session["bytes-in"], session["session-time-left"]) == ("10.5.50.8", "0", "1h"), session
        active.remove(id=session["id"])
        assert list(active.get()) == [] and list(api.get_resource("/ip/hotspot/cookie").get()) == []


# --- the run ---------------------------------------------------------------------------------------------------------

BOTH = [
    lib_login_and_identity,
    lib_wrong_password,
    lib_add_and_print,
    lib_duplicate_trap,
    lib_unknown_and_ambiguous_references,
    lib_queries,
    lib_empty_answer,
    lib_count_only,
    lib_set_disable_remove,
    lib_dates,
    lib_no_rights,
    lib_listen_and_cancel,
    lib_quit,
    ros_login_and_identity,
    ros_wrong_password,
    ros_add_print_duplicate_remove,
    ros_queries_and_empty,
    ros_parallel_commands,
    ros_active_login,
    ros_an_account_as_text,
    ros_a_session_of_one_device,
]
ONCE = [lib_old_login, ros_old_login]


def main():
    checks = [(f"{check.__name__} {version}", functools.partial(check, version)) for check in BOTH for version in ("v6", "v7")]
    checks += [(check.__name__, functools.partial(check, "old")) for check in ONCE]
    failed = 0
    for name, check in checks:
        try:
            check()
            print(f"ok      {name}")
        except Exception:
            failed += 1
            print(f"FAILED  {name}")
            traceback.print_exc(file=sys.stdout)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    ROUTER = build_router()
    sys.exit(main())
