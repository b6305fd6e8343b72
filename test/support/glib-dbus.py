"""An independent D-Bus peer based on GLib: a service on a bus, or a peer-to-peer server.

    glib-dbus.py service ADDRESS NAME     owns NAME on the bus
    glib-dbus.py peer SOCKET              serves peers on a Unix socket, without a bus

Both offer org.example.Test at /test and print "ready" once they do; they end when their standard input does.
"""

import sys
import threading

from gi.repository import Gio, GLib

XML = """
<node>
  <interface name="org.example.Test">
    <method name="Parse"><arg type="s" direction="in"/><arg type="v" direction="out"/></method>
    <method name="Print"><arg type="v" direction="in"/><arg type="s" direction="out"/></method>
    <method name="Fail"><arg type="s" direction="in"/><arg type="s" direction="in"/></method>
    <method name="Hang"/>
    <method name="Emit"><arg type="s" direction="in"/><arg type="v" direction="in"/></method>
    <method name="EmitMany"><arg type="s" direction="in"/><arg type="u" direction="in"/></method>
    <method name="CallBack">
      <arg type="s" direction="in"/><arg type="o" direction="in"/><arg type="s" direction="in"/>
      <arg type="s" direction="in"/><arg type="v" direction="in"/>
      <arg type="s" direction="out"/>
    </method>
    <method name="Hangups"><arg type="u" direction="out"/></method>
    <method name="Exit"/>
    <property name="Text" type="s" access="read"/>
    <property name="Numbers" type="at" access="read"/>
    <property name="Nested" type="a{sa{sv}}" access="read"/>
  </interface>
</node>
"""
INTERFACE = Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0]
PROPERTIES = {
    "Text": "'some text'",
    "Numbers": "[uint64 1, 18446744073709551615]",
    "Nested": "{'__proto__': {'a': <1>}, 'x': {}}",
}
loop = GLib.MainLoop()
hangups = 0


def called(connection, sender, path, interface, member, args, invocation):
    if member == "Parse":
        value = GLib.Variant.parse(None, args[0], None, None)
        invocation.return_value(GLib.Variant.new_tuple(GLib.Variant.new_variant(value)))
    elif member == "Print":
        value = args.get_child_value(0).get_variant()
        invocation.return_value(GLib.Variant("(s)", (value.print_(True),)))
    elif member == "Fail":
        invocation.return_dbus_error(args[0], args[1])
    elif member == "Hang":
        print("hanging", flush=True)
    elif member == "Emit":
        connection.emit_signal(sender, "/test", "org.example.Test", args[0], args.get_child_value(1).get_variant())
        invocation.return_value(None)
    elif member == "EmitMany":
        for number in range(args[1]):
            connection.emit_signal(sender, "/test", "org.example.Test", args[0], GLib.Variant("(u)", (number,)))
        invocation.return_value(None)
    elif member == "CallBack":
        call_back(connection, args, invocation)
    elif member == "Hangups":
        invocation.return_value(GLib.Variant("(u)", (hangups,)))
    elif member == "Exit":
        invocation.return_value(None)
        connection.flush_sync(None)
        loop.quit()


def call_back(connection, args, invocation):
    """Calls the caller's own object from GLib's side, and reports the result."""
    destination, path, interface, member = args[0], args[1], args[2], args[3]
    body = args.get_child_value(4).get_variant()

    def done(source, result):
        try:
            text = source.call_finish(result).print_(True)
        except GLib.Error as error:
            text = "%s: %s" % (Gio.DBusError.get_remote_error(error), error.message)
        invocation.return_value(GLib.Variant("(s)", (text,)))

    connection.call(destination or None, path, interface, member, body, None, 0, 60000, None, done)


def got(connection, sender, path, interface, name):
    type_ = GLib.VariantType(INTERFACE.lookup_property(name).signature)
    return GLib.Variant.parse(type_, PROPERTIES[name], None, None)


def register(connection):
    connection.register_object("/test", INTERFACE, called, got, None)


def ended():
    sys.stdin.read()
    GLib.idle_add(loop.quit)


def ready():
    print("ready", flush=True)


def serve_bus(address, name):
    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
    connection.connect("closed", lambda *_: loop.quit())
    register(connection)
    # The newest service owns the name.
    flags = Gio.BusNameOwnerFlags.ALLOW_REPLACEMENT | Gio.BusNameOwnerFlags.REPLACE
    Gio.bus_own_name_on_connection(connection, name, flags, lambda *_: ready(), lambda *_: loop.quit())
    return connection


def serve_peers(path):
    server = Gio.DBusServer.new_sync(
        "unix:path=" + path, Gio.DBusServerFlags.NONE, Gio.dbus_generate_guid(), None, None
    )
    kept = []

    def closed(connection, *_):
        global hangups
        hangups += 1

    def connected(_server, connection):
        kept.append(connection)
        connection.connect("closed", closed)
        register(connection)
        # This happens before the client has had time to say anything.
        connection.emit_signal(None, "/test", "org.example.Test", "Welcome", None)
        return True

    server.connect("new-connection", connected)
    server.start()
    ready()
    return server, kept


if __name__ == "__main__":
    keep = serve_bus(*sys.argv[2:]) if sys.argv[1] == "service" else serve_peers(*sys.argv[2:])
    threading.Thread(target=ended, daemon=True).start()
    loop.run()
