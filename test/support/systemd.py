#!/usr/bin/python3
"""A stand-in for systemd on the bus: it starts services for a bus, and says how far the boot is.

Usage: systemd.py ADDRESS STATE_FILE. The file is JSON, read again at every call:
  systemState  SystemState of the manager
  units        by name: {"loadState", "activeState", "start"}, where start is "fails" or a command line; and of a service
               {"subState", "result", "execMainStatus", "statusText", "fileState"}
  answers      {"error": NAME}: what every call of a property is answered with
Prints "ready" when it has its name.

Invariants:
  - A unit that the file does not name has LoadState not-found, as with systemd.
  - GetUnit knows the units that have an activeState in the file, and GetUnitFileState those that have a fileState.
  - A start that fails is queued first, and its job is then removed as failed.
"""
import json
import os
import subprocess
import sys

from gi.repository import Gio, GLib

NAME = "org.freedesktop.systemd1"
PATH = "/org/freedesktop/systemd1"
ERROR = "org.freedesktop.systemd1."

MANAGER_XML = """
<node><interface name="org.freedesktop.systemd1.Manager">
  <method name="Subscribe"/>
  <method name="StartUnit">
    <arg type="s" name="name" direction="in"/><arg type="s" name="mode" direction="in"/>
    <arg type="o" name="job" direction="out"/>
  </method>
  <method name="LoadUnit"><arg type="s" name="name" direction="in"/><arg type="o" name="unit" direction="out"/></method>
  <method name="GetUnit"><arg type="s" name="name" direction="in"/><arg type="o" name="unit" direction="out"/></method>
  <method name="GetUnitFileState">
    <arg type="s" name="file" direction="in"/><arg type="s" name="state" direction="out"/>
  </method>
  <signal name="JobRemoved">
    <arg type="u" name="id"/><arg type="o" name="job"/><arg type="s" name="unit"/><arg type="s" name="result"/>
  </signal>
</interface></node>"""
PROPERTIES_XML = """
<node><interface name="org.freedesktop.DBus.Properties">
  <method name="Get">
    <arg type="s" name="interface" direction="in"/><arg type="s" name="name" direction="in"/>
    <arg type="v" name="value" direction="out"/>
  </method>
  <method name="GetAll">
    <arg type="s" name="interface" direction="in"/><arg type="a{sv}" name="values" direction="out"/>
  </method>
</interface></node>"""
MANAGER = Gio.DBusNodeInfo.new_for_xml(MANAGER_XML).interfaces[0]
PROPERTIES = Gio.DBusNodeInfo.new_for_xml(PROPERTIES_XML).interfaces[0]


def path_of(unit):
    escaped = "".join(c if c.isalnum() and c.isascii() else "_%02x" % ord(c) for c in unit)
    return PATH + "/unit/" + escaped


class Refused(Exception):
    """A D-Bus error: its name below org.freedesktop.systemd1, and its text."""


class Systemd:
    def __init__(self, connection, address, state_file):
        self.connection = connection
        self.address = address
        self.state_file = state_file
        self.units = {}
        self.jobs = 0
        connection.register_object(PATH, MANAGER, self.on_call, None, None)
        connection.register_object(PATH, PROPERTIES, self.on_call, None, None)
        self.unit_path("boot-complete.target")
        # dbus-daemon asks by a signal, dbus-broker by StartUnit.
        connection.signal_subscribe(
            None, NAME + ".Activator", "ActivationRequest", None, None, Gio.DBusSignalFlags.NONE, self.on_request
        )

    def state(self):
        with open(self.state_file, encoding="utf-8") as file:
            return json.load(file)

    def unit(self, name):
        return self.state().get("units", {}).get(name, {"loadState": "not-found"})

    def unit_path(self, name):
        path = path_of(name)
        if path not in self.units:
            self.units[path] = name
            self.connection.register_object(path, PROPERTIES, self.on_call, None, None)
        return path

    def start(self, name):
        """Queues a start. The result of the job, or Refused."""
        unit = self.unit(name)
        load_state = unit.get("loadState", "loaded")
        if load_state == "not-found":
            raise Refused("NoSuchUnit", "Unit %s not found." % name)
        if load_state == "masked":
            raise Refused("UnitMasked", "Unit %s is masked." % name)
        if unit.get("start", "fails") == "fails":
            return "failed"
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address}
        subprocess.Popen(unit["start"], shell=True, env=environment)
        return "done"

    def on_request(self, _connection, _sender, _path, _interface, _signal, parameters):
        (name,) = parameters.unpack()
        try:
            self.start(name)
        except Refused as refused:
            kind, text = refused.args
            self.connection.emit_signal(
                "org.freedesktop.DBus",
                PATH,
                NAME + ".Activator",
                "ActivationFailure",
                GLib.Variant("(sss)", (name, ERROR + kind, text)),
            )

    def on_call(self, _connection, _sender, path, _interface, method, arguments, invocation):
        try:
            invocation.return_value(self.answer(path, method, arguments.unpack()))
        except Refused as refused:
            kind, text = refused.args
            invocation.return_dbus_error(kind if "." in kind else ERROR + kind, text)

    def answer(self, path, method, arguments):
        if method == "Get":
            return GLib.Variant("(v)", (self.get(path, arguments[1]),))
        if method == "GetAll":
            return GLib.Variant("(a{sv})", (self.get_all(path, arguments[0]),))
        if method == "GetUnit":
            if "activeState" not in self.unit(arguments[0]):
                raise Refused("NoSuchUnit", "Unit %s not loaded." % arguments[0])
            return GLib.Variant("(o)", (self.unit_path(arguments[0]),))
        if method == "GetUnitFileState":
            if "fileState" not in self.unit(arguments[0]):
                raise Refused("org.freedesktop.DBus.Error.FileNotFound", "No such file or directory")
            return GLib.Variant("(s)", (self.unit(arguments[0])["fileState"],))
        if method == "LoadUnit":
            return GLib.Variant("(o)", (self.unit_path(arguments[0]),))
        if method == "StartUnit":
            result = self.start(arguments[0])
            self.jobs += 1
            job = PATH + "/job/%d" % self.jobs
            body = GLib.Variant("(uoss)", (self.jobs, job, arguments[0], result))
            GLib.idle_add(
                lambda: self.connection.emit_signal(None, PATH, NAME + ".Manager", "JobRemoved", body) and False
            )
            return GLib.Variant("(o)", (job,))
        return None

    def get(self, path, name):
        state = self.state()
        if "answers" in state:
            raise Refused(state["answers"]["error"], "as ordered")
        if path == PATH:
            return GLib.Variant("s", state["systemState"])
        unit = self.unit(self.units[path])
        values = {"LoadState": unit.get("loadState", "loaded"), "ActiveState": unit.get("activeState", "inactive")}
        return GLib.Variant("s", values[name])

    def get_all(self, path, interface):
        unit = self.unit(self.units[path])
        if interface == NAME + ".Service":
            return {
                "Result": GLib.Variant("s", unit.get("result", "success")),
                "ExecMainStatus": GLib.Variant("i", unit.get("execMainStatus", 0)),
                "StatusText": GLib.Variant("s", unit.get("statusText", "")),
            }
        return {
            "LoadState": GLib.Variant("s", unit.get("loadState", "loaded")),
            "ActiveState": GLib.Variant("s", unit.get("activeState", "inactive")),
            "SubState": GLib.Variant("s", unit.get("subState", "dead")),
        }


def main():
    address, state_file = sys.argv[1:]
    flags = Gio.DBusConnectionFlags
    connection = Gio.DBusConnection.new_for_address_sync(
        address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None
    )
    connection.set_exit_on_close(True)
    systemd = Systemd(connection, address, state_file)
    Gio.bus_own_name_on_connection(
        connection, NAME, Gio.BusNameOwnerFlags.NONE, lambda *_: print("ready", flush=True), None
    )
    GLib.MainLoop().run()
    return systemd


main()
