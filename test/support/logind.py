#!/usr/bin/python3
"""A stand-in for logind: the part of org.freedesktop.login1 that an update agent uses, on
GLib's own D-Bus.

Usage: logind.py STATE_FILE. The file is JSON, read again at every call:
  sessions    list of {"id", "uid", "user", "class", "state", "tty"}, perhaps "service", "remote", and
              "since", microseconds
  inhibitors  list of [what, who, why, mode, uid, pid]
  answers     by method (ListSessions, ListInhibitors, GetAll) what to answer instead of the truth:
                {"error": NAME, "text": TEXT}     that D-Bus error
                {"signature": S, "text": T}       that value, T as GLib writes values
                {"garbage": SEED}                 a random value of a random type, never of the right one
                {"mangled": SEED}                 GetAll: one property is missing or of another type
                {"hang": true}                    nothing, for ever
                {"die": true}                     the service exits

Invariant: unless told otherwise it answers as logind does.
"""
import json
import os
import random
import sys

from gi.repository import Gio, GLib

NAME = "org.freedesktop.login1"
PATH = "/org/freedesktop/login1"
RIGHT = {"ListSessions": "(a(susso))", "ListInhibitors": "(a(ssssuu))", "GetAll": "(a{sv})"}

MANAGER_XML = """
<node><interface name="org.freedesktop.login1.Manager">
  <method name="ListSessions"><arg type="a(susso)" name="sessions" direction="out"/></method>
  <method name="ListInhibitors"><arg type="a(ssssuu)" name="inhibitors" direction="out"/></method>
</interface></node>"""
PROPERTIES_XML = """
<node><interface name="org.freedesktop.DBus.Properties">
  <method name="GetAll">
    <arg type="s" name="interface" direction="in"/><arg type="a{sv}" name="properties" direction="out"/>
  </method>
</interface></node>"""
MANAGER = Gio.DBusNodeInfo.new_for_xml(MANAGER_XML).interfaces[0]
PROPERTIES = Gio.DBusNodeInfo.new_for_xml(PROPERTIES_XML).interfaces[0]


def random_type(rng, depth):
    kinds = "ybnqiuxtdsog" + ("v(a{" if depth > 0 else "")
    kind = rng.choice(kinds)
    if kind == "a":
        return "a" + random_type(rng, depth - 1)
    if kind == "(":
        return "(" + "".join(random_type(rng, depth - 1) for _ in range(rng.randint(1, 5))) + ")"
    if kind == "{":
        return "a{" + rng.choice("ybnqiuxtdso") + random_type(rng, depth - 1) + "}"
    return kind


def random_value(rng, signature):
    """A value of one complete type, in GLib's text form."""
    kind = signature[0]
    if kind == "b":
        return rng.choice(["true", "false"])
    if kind == "y":
        return "byte 0x%02x" % rng.randrange(256)
    if kind in "nqiuxt":
        return "%s %d" % (
            {"n": "int16", "q": "uint16", "i": "int32", "u": "uint32", "x": "int64", "t": "uint64"}[kind],
            rng.randrange(2**15),
        )
    if kind == "d":
        return repr(float(rng.randrange(1000)))
    if kind == "o":
        return "objectpath '/%s'" % "".join(rng.choice("abc_1") for _ in range(rng.randint(1, 5)))
    if kind == "g":
        return "signature '%s'" % rng.choice(["", "s", "a{sv}"])
    if kind == "s":
        return "'%s'" % "".join(rng.choice("abc \u00e4\u202e") for _ in range(rng.randrange(6)))
    if kind == "v":
        inner = random_type(rng, 1)
        return "<%s>" % typed(rng, inner)
    if signature.startswith("a{"):
        key, value = signature[2], signature[3:-1]
        return "{%s: %s}" % (random_value(rng, key), random_value(rng, value))
    if kind == "a":
        count = rng.randrange(3)
        if count == 0:
            return "@%s []" % signature
        return "[%s]" % ", ".join(random_value(rng, signature[1:]) for _ in range(count))
    parts = [random_value(rng, part) for part in complete_types(signature[1:-1])]
    return "(%s,)" % parts[0] if len(parts) == 1 else "(%s)" % ", ".join(parts)


def typed(rng, signature):
    return "@%s %s" % (signature, random_value(rng, signature)) if signature[0] in "a(" else random_value(rng, signature)


def complete_types(types):
    found = []
    while types:
        end = 1
        while not GLib.VariantType.string_is_valid(types[:end]):
            end += 1
        found.append(types[:end])
        types = types[end:]
    return found


def garbage(seed, method):
    rng = random.Random(seed)
    while True:
        types = [random_type(rng, 3) for _ in range(rng.randint(0, 2))]
        signature = "(" + "".join(types) + ")"
        if signature != RIGHT[method]:
            break
    body = ", ".join(random_value(rng, one) for one in types)
    text = "()" if not types else "(%s,)" % body if len(types) == 1 else "(%s)" % body
    return GLib.Variant.parse(GLib.VariantType(signature), text, None, None)


def path_of(session):
    return PATH + "/session/" + session["id"]


class Logind:
    def __init__(self, state_file, connection):
        self.state_file = state_file
        self.connection = connection
        self.exported = set()
        self.held = []
        connection.register_object(PATH, MANAGER, self.on_call, None, None)
        # Of a session that has ended. GLib would answer UnknownMethod for an object that it never had.
        self.export(PATH + "/session/ended")

    def on_call(self, _connection, _sender, path, _interface, method, _arguments, invocation):
        with open(self.state_file, encoding="utf-8") as file:
            state = json.load(file)
        orders = state.get("answers", {}).get(method)
        if orders is None:
            self.answer(invocation, self.truth(state, path, method))
        elif "hang" in orders:
            self.held.append(invocation)
        elif "die" in orders:
            os._exit(1)
        elif "error" in orders:
            invocation.return_dbus_error(orders["error"], orders.get("text", "as ordered"))
        elif "garbage" in orders:
            # Clients can still ask for sessions that the real list has.
            self.truth(state, path, method)
            self.answer(invocation, garbage(orders["garbage"], method))
        elif "mangled" in orders:
            self.answer(invocation, self.mangled(orders["mangled"], self.truth(state, path, method)))
        else:
            value = GLib.Variant.parse(GLib.VariantType(orders["signature"]), orders["text"], None, None)
            self.answer(invocation, value)

    def answer(self, invocation, body):
        """Bypasses GLib's own check of the types, which garbage would not pass."""
        if body is None:
            invocation.return_dbus_error("org.freedesktop.DBus.Error.UnknownObject", "no such session")
            return
        reply = Gio.DBusMessage.new_method_reply(invocation.get_message())
        reply.set_body(body)
        self.connection.send_message(reply, Gio.DBusSendMessageFlags.NONE)
        self.held.append(invocation)

    def truth(self, state, path, method):
        if method == "ListInhibitors":
            return GLib.Variant("(a(ssssuu))", ([tuple(one) for one in state.get("inhibitors", [])],))
        sessions = state.get("sessions", [])
        if method == "ListSessions":
            for session in sessions:
                self.export(path_of(session))
            rows = [(one["id"], one["uid"], one["user"], "", path_of(one)) for one in sessions]
            return GLib.Variant("(a(susso))", (rows,))
        for session in sessions:
            if path_of(session) == path and not session.get("gone"):
                return GLib.Variant("(a{sv})", (self.properties(session),))
        return None

    def export(self, path):
        if path not in self.exported:
            self.exported.add(path)
            self.connection.register_object(path, PROPERTIES, self.on_call, None, None)

    @staticmethod
    def properties(session):
        remote = session.get("remote", session["tty"].startswith("pts/"))
        return {
            "Id": GLib.Variant("s", session["id"]),
            "User": GLib.Variant("(uo)", (session["uid"], PATH + "/user/_%d" % session["uid"])),
            "Name": GLib.Variant("s", session["user"]),
            "Class": GLib.Variant("s", session["class"]),
            "Timestamp": GLib.Variant("t", session.get("since", 1_795_000_000_000_000)),
            "State": GLib.Variant("s", session["state"]),
            "TTY": GLib.Variant("s", session["tty"]),
            "Type": GLib.Variant("s", "tty"),
            "Service": GLib.Variant("s", session.get("service", "sshd" if remote else "login")),
            "Remote": GLib.Variant("b", remote),
        }

    @staticmethod
    def mangled(seed, truth):
        rng = random.Random(seed)
        properties = {key: truth.get_child_value(0).lookup_value(key, None) for key in truth.unpack()[0]}
        victim = rng.choice(["Name", "Class", "State", "TTY"])
        del properties[victim]
        if rng.random() < 0.7:
            signature = rng.choice([t for t in (random_type(rng, 2) for _ in range(20)) if t != "s"])
            text = typed(rng, signature)
            properties[victim] = GLib.Variant.parse(GLib.VariantType(signature), text, None, None)
        return GLib.Variant("(a{sv})", (properties,))


def main():
    loop = GLib.MainLoop()
    served = []
    Gio.bus_own_name(
        Gio.BusType.SYSTEM,
        NAME,
        Gio.BusNameOwnerFlags.NONE,
        lambda connection, _name: served.append(Logind(sys.argv[1], connection)),
        None,
        lambda *_: loop.quit(),
    )
    loop.run()


main()
