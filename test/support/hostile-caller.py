"""A local user without rights who calls the agent as often and as wrongly as the bus lets them.

    hostile-caller.py ROUNDS VICTIM...

VICTIM is the path of somebody else's job. Each round makes every wrong call once, and does not wait for the answers.
Prints one JSON object at its end, with `calls`, `unanswered`, `done` and `errors`. `done` has the members that did what
they were asked, `errors` how often each error name came.
"""

import json
import sys

from gi.repository import Gio, GLib

NAME = "org.coreos.zincati"
AGENT = "/org/coreos/zincati"
ANSWER_MS = 20_000
# What the agent drops before it reads it is never answered.
DROPPED_MS = 2_000
# Connections of one user; each has its own queue on the bus.
CONNECTIONS = 4

VARIANT = GLib.Variant


def nested(depth):
    value = VARIANT("s", "deep")
    for _ in range(depth):
        value = VARIANT("v", value)
    return value


def options(**given):
    return {name.replace("_", "-"): value for name, value in given.items()}


LONG = "x" * 100_000
HUGE = "x" * 1_000_000
MANY = {f"option-{number}": VARIANT("u", number) for number in range(2000)}

# Member, signature, arguments, how long an answer is waited for.
WRONG = [
    ("Hold", "(sa{sv})", ("reboot", {}), ANSWER_MS),
    ("Hold", "(sa{sv})", ("everything", {}), ANSWER_MS),
    ("Hold", "(sa{sv})", ("", {}), ANSWER_MS),
    ("Hold", "(sa{sv})", ("__proto__", options(__proto__=VARIANT("s", "x"))), ANSWER_MS),
    ("Hold", "(sa{sv})", ("reboot", options(constructor=VARIANT("s", "x"))), ANSWER_MS),
    ("Hold", "(sa{sv})", ("reboot", options(reason=VARIANT("s", LONG))), ANSWER_MS),
    ("Hold", "(sa{sv})", ("reboot", options(reason=VARIANT("s", "\x1b]0;owned\x07"))), ANSWER_MS),
    ("Hold", "(sa{sv})", ("reboot", options(reason=VARIANT("u", 1))), ANSWER_MS),
    ("Hold", "(sa{sv})", ("reboot", options(until=VARIANT("x", -1))), ANSWER_MS),
    ("Hold", "(sa{sv})", ("reboot", options(until=VARIANT("x", 2**63 - 1))), ANSWER_MS),
    ("Hold", "(sa{sv})", ("reboot", options(until=VARIANT("x", -(2**63)))), ANSWER_MS),
    ("Hold", "(sa{sv})", ("reboot", MANY), ANSWER_MS),
    ("Hold", "(sa{sv})", (LONG, {}), ANSWER_MS),
    ("Hold", "(sa{sv})", (HUGE, {}), DROPPED_MS),
    ("Hold", "(s)", ("reboot",), ANSWER_MS),
    ("Hold", "(ua{sv})", (1, {}), ANSWER_MS),
    ("Hold", "(sa{sv}s)", ("reboot", {}, "more"), ANSWER_MS),
    ("Release", "(sa{sv})", ("h1", {}), ANSWER_MS),
    ("Release", "(sa{sv})", (LONG, {}), ANSWER_MS),
    ("Deny", "(sa{sv})", ("44.20260707.3.1", {}), ANSWER_MS),
    ("Deny", "(sa{sv})", (LONG, {}), ANSWER_MS),
    ("Allow", "(sa{sv})", ("44.20260707.3.1", {}), ANSWER_MS),
    ("Explain", "()", (), ANSWER_MS),
    ("Explain", "(s)", ("why",), ANSWER_MS),
    ("Explain", "(a{sv})", (options(override=VARIANT("as", ["everything"])),), ANSWER_MS),
    ("Explain", "(a{sv})", (options(override=VARIANT("as", ["x"] * 5000)),), ANSWER_MS),
    ("Explain", "(a{sv})", (options(override=VARIANT("s", "window")),), ANSWER_MS),
    ("Explain", "(a{sv})", (options(unknown=nested(30)),), ANSWER_MS),
    ("Explain", "(a{sv})", (MANY,), ANSWER_MS),
    ("Explain", "(a{sv})", (options(override=VARIANT("as", [HUGE])),), DROPPED_MS),
    ("History", "(a{sv})", (options(newest=VARIANT("u", 2**32 - 1)),), ANSWER_MS),
    ("Calendar", "(a{sv})", (options(days=VARIANT("u", 2**32 - 1)),), ANSWER_MS),
    ("Stage", "(a{sv})", (options(to=VARIANT("s", "../../etc")),), ANSWER_MS),
    ("Stage", "(a{sv})", ({},), ANSWER_MS),
    ("Reboot", "(a{sv})", ({},), ANSWER_MS),
    ("Reboot", "(a{sv})", (options(override=VARIANT("as", ["window", "people", "inhibitors", "fleet-lock"])),), ANSWER_MS),
    ("Reboot", "(a{sv})", (options(override=VARIANT("as", ["denied"])),), ANSWER_MS),
    ("Cancel", "(a{sv})", ({},), ANSWER_MS),
    ("Discard", "(a{sv})", ({},), ANSWER_MS),
    ("Reload", "(a{sv})", ({},), ANSWER_MS),
    ("Nothing", "(a{sv})", ({},), ANSWER_MS),
]
PROPERTIES = [
    ("Set", "(ssv)", (f"{NAME}.Agent1", "Holds", VARIANT("aa{sv}", [])), ANSWER_MS),
    ("Set", "(ssv)", (f"{NAME}.Agent1", "Unknown", VARIANT("s", LONG)), ANSWER_MS),
    ("Get", "(ss)", (f"{NAME}.Agent1", LONG), ANSWER_MS),
    ("GetAll", "(s)", (f"{NAME}.Nothing",), ANSWER_MS),
]
LOG_LEVEL = ("Set", "(ssv)", ("org.freedesktop.LogControl1", "LogLevel", VARIANT("s", "emerg")), ANSWER_MS)
EXPERIMENTAL = [
    ("Moo", "(b)", (True,), ANSWER_MS),
    ("LastRefreshTime", "()", (), ANSWER_MS),
]


def main(rounds, victims):
    address = Gio.dbus_address_get_for_bus_sync(Gio.BusType.SYSTEM, None)
    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    connections = [
        Gio.DBusConnection.new_for_address_sync(address, flags, None, None) for _ in range(CONNECTIONS)
    ]
    loop = GLib.MainLoop()
    told = {"calls": 0, "done": [], "errors": {}, "unanswered": 0}
    left = 0

    def ended(connection, result, member):
        nonlocal left
        try:
            connection.call_finish(result)
            told["done"].append(member)
        except GLib.Error as error:
            name = Gio.DBusError.get_remote_error(error)
            if name is None or name == "org.freedesktop.DBus.Error.NoReply":
                told["unanswered"] += 1
            else:
                told["errors"][name] = told["errors"].get(name, 0) + 1
        left -= 1
        if left == 0:
            loop.quit()

    def call(connection, path, interface, member, signature, args, wait_ms):
        nonlocal left
        left += 1
        told["calls"] += 1
        body = VARIANT(signature, args)
        none = Gio.DBusCallFlags.NONE
        connection.call(NAME, path, interface, member, body, None, none, wait_ms, None, ended, member)

    for number in range(rounds):
        connection = connections[number % CONNECTIONS]
        for wrong in WRONG:
            call(connection, AGENT, f"{NAME}.Agent1", *wrong)
        for wrong in PROPERTIES:
            call(connection, AGENT, "org.freedesktop.DBus.Properties", *wrong)
        call(connection, "/org/freedesktop/LogControl1", "org.freedesktop.DBus.Properties", *LOG_LEVEL)
        for wrong in EXPERIMENTAL:
            call(connection, AGENT, f"{NAME}.Experimental", *wrong)
        call(connection, AGENT, "org.freedesktop.DBus.Peer", "GetMachineId", "()", (), ANSWER_MS)
        for victim in victims:
            call(connection, victim, f"{NAME}.Job1", "Cancel", "()", (), ANSWER_MS)
    loop.run()
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
