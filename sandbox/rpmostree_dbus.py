"""rpm-ostree's D-Bus interface, with nothing behind it. The daemons of the sandbox and of the tests' OSTree host
share it.

It implements org.projectatomic.rpmostree1 (Sysroot, OS and the peer-to-peer Transaction) with GLib's own
D-Bus. So the agent's client is never tested against its own code. A subclass of Daemon says which deployments
there are, who may call, and what transactions do.

Invariants:
- There is one transaction at a time. Whoever asks for the same again joins it.
- Its work begins only at Start. Until then, one that makes a deployment has no title of its own.
"""
import os
import signal
import sys

from gi.repository import Gio, GLib

BUS_NAME = "org.projectatomic.rpmostree1"
BASE_PATH = "/org/projectatomic/rpmostree1"
SYSROOT_PATH = BASE_PATH + "/Sysroot"
# The path that clients get; a client below another root adds its own prefix.
TRANSACTION_ADDRESS = "unix:path=/run/rpm-ostree-transaction.sock"
GIO_ERROR = "org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code%d"
GIO_FAILED, GIO_BUSY = 0, 26
ACCESS_DENIED = "org.freedesktop.DBus.Error.AccessDenied"
CANCELLED = "Operation was cancelled"
# The title of a transaction that makes a deployment, until it is started.
UNBEGUN = "new-deployment"
# How often an idle transaction checks whether it was cancelled.
WATCH_MS = 20
SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"

SYSROOT_XML = """
<node><interface name="org.projectatomic.rpmostree1.Sysroot">
  <property name="Booted" type="o" access="read"/>
  <property name="Path" type="s" access="read"/>
  <property name="ActiveTransaction" type="(sss)" access="read"/>
  <property name="ActiveTransactionPath" type="s" access="read"/>
  <property name="AutomaticUpdatePolicy" type="s" access="read"/>
  <property name="Deployments" type="aa{sv}" access="read"/>
  <method name="RegisterClient"><arg type="a{sv}" name="options" direction="in"/></method>
  <method name="UnregisterClient"><arg type="a{sv}" name="options" direction="in"/></method>
  <method name="Reload"/>
  <method name="ReloadConfig"/>
  <method name="GetOS">
    <arg type="s" name="name" direction="in"/><arg type="o" name="object_path" direction="out"/>
  </method>
</interface></node>"""

OS_XML = """
<node><interface name="org.projectatomic.rpmostree1.OS">
  <property name="BootedDeployment" type="a{sv}" access="read"/>
  <property name="DefaultDeployment" type="a{sv}" access="read"/>
  <property name="RollbackDeployment" type="a{sv}" access="read"/>
  <property name="CachedUpdate" type="a{sv}" access="read"/>
  <property name="Name" type="s" access="read"/>
  <method name="Deploy">
    <arg type="s" name="revision" direction="in"/><arg type="a{sv}" name="options" direction="in"/>
    <arg type="s" name="transaction_address" direction="out"/>
  </method>
  <method name="Upgrade">
    <arg type="a{sv}" name="options" direction="in"/><arg type="s" name="transaction_address" direction="out"/>
  </method>
  <method name="Rollback">
    <arg type="a{sv}" name="options" direction="in"/><arg type="s" name="transaction_address" direction="out"/>
  </method>
  <method name="Rebase">
    <arg type="a{sv}" name="options" direction="in"/><arg type="s" name="refspec" direction="in"/>
    <arg type="as" name="packages" direction="in"/><arg type="s" name="transaction_address" direction="out"/>
  </method>
  <method name="UpdateDeployment">
    <arg type="a{sv}" name="modifiers" direction="in"/><arg type="a{sv}" name="options" direction="in"/>
    <arg type="s" name="transaction_address" direction="out"/>
  </method>
  <method name="FinalizeDeployment">
    <arg type="a{sv}" name="options" direction="in"/><arg type="s" name="transaction_address" direction="out"/>
  </method>
  <method name="Cleanup">
    <arg type="as" name="elements" direction="in"/><arg type="s" name="transaction_address" direction="out"/>
  </method>
</interface></node>"""

TRANSACTION_XML = """
<node><interface name="org.projectatomic.rpmostree1.Transaction">
  <property name="Title" type="s" access="read"/>
  <property name="InitiatingClientDescription" type="s" access="read"/>
  <method name="Start"><arg type="b" name="started" direction="out"/></method>
  <method name="Cancel"/>
  <signal name="Finished"><arg name="success" type="b"/><arg name="error_message" type="s"/></signal>
  <signal name="Message"><arg name="text" type="s"/></signal>
  <signal name="TaskBegin"><arg name="text" type="s"/></signal>
  <signal name="TaskEnd"><arg name="text" type="s"/></signal>
  <signal name="PercentProgress"><arg name="text" type="s"/><arg name="percentage" type="u"/></signal>
  <signal name="DownloadProgress">
    <arg name="time" type="(tt)"/><arg name="outstanding" type="(uu)"/><arg name="metadata" type="(uuu)"/>
    <arg name="delta" type="(uuut)"/><arg name="content" type="(uu)"/><arg name="transfer" type="(tt)"/>
  </signal>
  <signal name="SignatureProgress"><arg name="signature" type="av"/><arg name="commit" type="s"/></signal>
  <signal name="ProgressEnd"/>
</interface></node>"""

TRANSACTION_INTERFACE = Gio.DBusNodeInfo.new_for_xml(TRANSACTION_XML).interfaces[0]


def log(text):
    print(f"rpm-ostreed stand-in: {text}", file=sys.stderr, flush=True)


class Refused(Exception):
    """A method's error answer: a D-Bus error name and a text."""

    def __init__(self, name, text):
        super().__init__(text)
        self.name = name


class Failed(Exception):
    """A transaction's end with Finished(false, text)."""


def check_expected(expected, found, options):
    """The checksum, or the digest of an image, that a finalization names."""
    if expected is None:
        if options.get("allow-missing-checksum"):
            return
        raise Failed("Missing expected checksum")
    if expected != found:
        raise Failed(f"Expected staged base checksum {expected}, but found {found}")


def inhibited(holders):
    """The failure for inhibitor locks, given who holds each of them and why. The first one is named."""
    (who, why), *others = holders
    text = f"Reboot blocked by a systemd inhibitor lock in `block` mode\nHeld by: {who}\nReason: {why}"
    if others:
        text += (
            f"\nand {len(others)} other blocking inhibitor lock(s)\nUse `systemd-inhibit --list` to see details"
        )
    return Failed(text)


def first_after_rollback(count, booted, is_staged):
    """The position of the deployment that a rollback puts first, of `count`, the booted one at `booted`."""
    if count < 2:
        raise Failed("No rollback deployment found")
    if is_staged:
        raise Failed("Staged deployment (remove with cleanup -p)")
    return booted + 1 if booted + 1 < count else booted


# --- Transactions ---------------------------------------------------------------------------------------------------


class Transaction:
    """One transaction and its peer socket. `work` is a generator that yields milliseconds to wait.

    `begun_title` is its title from Start on; None: the same one.
    """

    def __init__(self, daemon, method, arguments, sender, title, work, begun_title=None):
        self.daemon = daemon
        self.method = method
        self.arguments = arguments
        self.sender = sender
        self.title = title
        self.begun_title = begun_title or title
        self.work = work(self)
        # Connections of the clients that follow, each with the ids of its object and its handler.
        self.peers = {}
        self.started = False
        self.cancelled = False
        self.finished = None
        self.name_watch = 0
        self.socket_path = daemon.socket_path
        if os.path.exists(self.socket_path):
            os.unlink(self.socket_path)
        guid = Gio.dbus_generate_guid()
        address = "unix:path=" + Gio.dbus_address_escape_value(self.socket_path)
        self.server = Gio.DBusServer.new_sync(address, Gio.DBusServerFlags.NONE, guid, None, None)
        self.server_handler = self.server.connect("new-connection", self.on_new_connection)
        self.server.start()
        os.chmod(self.socket_path, 0o666)
        if sender is not None:
            self.name_watch = Gio.bus_watch_name_on_connection(
                daemon.connection, sender, Gio.BusNameWatcherFlags.NONE, None, self.on_sender_vanished
            )

    def matches(self, method, arguments):
        return self.method == method and self.arguments.equal(arguments)

    def on_sender_vanished(self, _connection, _name):
        # The client that asked for it left before Start, so nobody will ever start it.
        self.forget_name()
        if not self.started:
            self.release()

    def forget_name(self):
        if self.name_watch:
            Gio.bus_unwatch_name(self.name_watch)
            self.name_watch = 0

    def on_new_connection(self, _server, connection):
        registration = connection.register_object("/", TRANSACTION_INTERFACE, self.on_call, self.on_get, None)
        self.peers[connection] = registration, connection.connect("closed", self.on_peer_closed)
        return True

    def on_peer_closed(self, connection, _vanished, _error):
        self.forget_peer(connection)
        self.maybe_release()

    def forget_peer(self, connection):
        # Invocations keep their connection, and so the descriptor, alive until Python frees them.
        registration, handler = self.peers.pop(connection)
        connection.unregister_object(registration)
        connection.disconnect(handler)
        connection.get_stream().close(None)

    def on_get(self, _connection, _sender, _path, _interface, name):
        return GLib.Variant("s", self.title if name == "Title" else f"client(id:zincati dbus:{self.sender})")

    def on_call(self, connection, _sender, _path, _interface, method, _arguments, invocation):
        if method == "Cancel":
            delay_ms = self.daemon.cancel_delay_ms()
            if delay_ms is not None:
                # A pull whose server is silent takes up to 30 seconds to notice.
                GLib.timeout_add(delay_ms, self.on_cancelled) if delay_ms else self.on_cancelled()
            invocation.return_value(None)
            return
        starts = not self.started
        self.started = True
        invocation.return_value(GLib.Variant("(b)", (starts,)))
        if starts:
            self.title = self.begun_title
            self.forget_name()
            GLib.idle_add(self.step)
        elif self.finished is not None:
            connection.emit_signal(None, "/", TRANSACTION_INTERFACE.name, "Finished", self.finished)

    def emit(self, member, signature=None, *values):
        body = GLib.Variant(signature, values) if signature else None
        for peer in list(self.peers):
            peer.emit_signal(None, "/", TRANSACTION_INTERFACE.name, member, body)

    def message(self, text):
        self.emit("Message", "(s)", text)

    def download_progress(self, started, outstanding, metadata, content, transfer):
        """`started`: of the monotonic clock, microseconds."""
        elapsed = (GLib.get_monotonic_time() - started) // 1_000_000
        body = (started, elapsed), outstanding, metadata, (0, 0, 0, 0), content, transfer
        self.emit("DownloadProgress", "((tt)(uu)(uuu)(uuut)(uu)(tt))", *body)

    def on_cancelled(self):
        self.cancelled = True
        return GLib.SOURCE_REMOVE

    def step(self):
        """Runs the work up to its next wait."""
        try:
            if self.cancelled:
                raise Failed(CANCELLED)
            GLib.timeout_add(max(0, int(next(self.work))), self.step)
        except StopIteration:
            self.end(True, "")
        except Failed as failure:
            self.end(False, str(failure))
        return GLib.SOURCE_REMOVE

    def wait_until_cancelled(self):
        while not self.cancelled:
            yield WATCH_MS

    def wait_silently(self, ms):
        """No signal for `ms`, but for a Cancel, which ends it."""
        end = GLib.get_monotonic_time() + ms * 1000
        while not self.cancelled and GLib.get_monotonic_time() < end:
            yield WATCH_MS

    def end(self, success, text):
        self.work.close()
        self.finished = GLib.Variant("(bs)", (success, text))
        log(f"{self.title}: {'done' if success else text}")
        self.emit("Finished", "(bs)", success, text)
        self.maybe_release()

    def maybe_release(self):
        if self.finished is not None and not self.peers:
            self.release()

    def release(self):
        if self.daemon.transaction is not self:
            return
        self.forget_name()
        self.server.stop()
        self.server.disconnect(self.server_handler)
        self.server = None
        for peer in list(self.peers):
            self.forget_peer(peer)
        if os.path.exists(self.socket_path):
            os.unlink(self.socket_path)
        self.daemon.set_transaction(None)


# --- The daemon -----------------------------------------------------------------------------------------------------


class Daemon:
    """Names, clients, properties and calls. Subclasses implement what is below "For subclasses"."""

    def __init__(self, connection, loop, osname, socket_path, idle_ms):
        self.connection = connection
        self.loop = loop
        self.osname = osname
        self.socket_path = socket_path
        self.idle_ms = idle_ms
        self.clients = {}
        self.transaction = None
        self.idle_source = 0
        self.os_path = f"{BASE_PATH}/{self.osname.replace('-', '_')}"

    def start(self):
        sysroot = Gio.DBusNodeInfo.new_for_xml(SYSROOT_XML).interfaces[0]
        system = Gio.DBusNodeInfo.new_for_xml(OS_XML).interfaces[0]
        self.connection.register_object(SYSROOT_PATH, sysroot, self.on_call, self.on_get, None)
        self.connection.register_object(self.os_path, system, self.on_call, self.on_get, None)
        Gio.bus_own_name_on_connection(self.connection, BUS_NAME, Gio.BusNameOwnerFlags.NONE, None, self.on_name_lost)
        self.touch_idle()

    def on_name_lost(self, _connection, name):
        log(f"lost the name {name}")
        self.loop.quit()

    # For subclasses

    def deployments(self):
        """Dictionaries of variants, in boot order."""
        raise NotImplementedError

    def reboot_is_on_its_way(self):
        raise NotImplementedError

    def authorize(self, sender, method, arguments):
        """Raises Refused."""

    def before_call(self, method, invocation):
        """True if the call has been answered."""
        return False

    def cancel_delay_ms(self):
        """How long after Cancel a transaction ends; None: not at all."""
        return 0

    def register_driver(self, transaction, name):
        raise NotImplementedError

    def deploy(self, transaction, refspec, revision, options):
        raise NotImplementedError

    def finalize(self, transaction, options):
        raise NotImplementedError

    def rollback(self, transaction):
        raise NotImplementedError

    def cleanup(self, transaction, elements):
        raise NotImplementedError

    # Leaving when idle

    def touch_idle(self):
        if self.idle_source:
            GLib.source_remove(self.idle_source)
            self.idle_source = 0
        if not self.clients and self.transaction is None:
            self.idle_source = GLib.timeout_add(self.idle_ms, self.on_idle)

    def on_idle(self):
        log("in idle state, leaving")
        self.idle_source = 0
        self.loop.quit()
        return GLib.SOURCE_REMOVE

    def forget_client(self, sender):
        watch = self.clients.pop(sender, None)
        if watch:
            Gio.bus_unwatch_name(watch)
        self.touch_idle()

    # Properties

    def set_transaction(self, transaction):
        self.transaction = transaction
        self.touch_idle()
        changed = {name: self.sysroot_property(name) for name in ("ActiveTransaction", "ActiveTransactionPath")}
        self.announce(changed)

    def announce(self, changed):
        body = GLib.Variant("(sa{sv}as)", (BUS_NAME + ".Sysroot", changed, []))
        self.connection.emit_signal(None, SYSROOT_PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged", body)

    def announce_deployments(self):
        self.announce({"Deployments": self.sysroot_property("Deployments")})

    def sysroot_property(self, name):
        active = self.transaction
        if name == "Booted":
            return GLib.Variant("o", self.os_path)
        if name == "Path":
            return GLib.Variant("s", "/")
        if name == "AutomaticUpdatePolicy":
            return GLib.Variant("s", "none")
        if name == "ActiveTransaction":
            names = (active.method, active.sender or ":1.0", self.os_path) if active else ("", "", "")
            return GLib.Variant("(sss)", names)
        if name == "ActiveTransactionPath":
            return GLib.Variant("s", TRANSACTION_ADDRESS if active else "")
        return GLib.Variant("aa{sv}", self.deployments())

    def os_property(self, name):
        if name == "Name":
            return GLib.Variant("s", self.osname)
        deployments = self.deployments()
        is_set = lambda deployment, key: deployment[key].get_boolean()
        chosen = {
            "BootedDeployment": [d for d in deployments if is_set(d, "booted")],
            "DefaultDeployment": deployments,
            "RollbackDeployment": [d for d in deployments if not is_set(d, "booted") and not is_set(d, "staged")],
        }.get(name, [])
        return GLib.Variant("a{sv}", chosen[0] if chosen else {})

    def on_get(self, _connection, _sender, _path, interface, name):
        self.touch_idle()
        return self.sysroot_property(name) if interface.endswith(".Sysroot") else self.os_property(name)

    # Methods

    def on_call(self, _connection, sender, _path, _interface, method, arguments, invocation):
        if self.before_call(method, invocation):
            return
        self.touch_idle()
        if method in ("Reload", "ReloadConfig"):
            # Answered once nothing else is left to do, so that closed peers have been noticed by then.
            GLib.idle_add(lambda: invocation.return_value(None), priority=GLib.PRIORITY_LOW)
            return
        try:
            self.authorize(sender, method, arguments.unpack())
            invocation.return_value(self.answer(sender, method, arguments))
        except Refused as refusal:
            invocation.return_dbus_error(refusal.name, str(refusal))

    def answer(self, sender, method, arguments):
        if method in ("RegisterClient", "UnregisterClient"):
            self.forget_client(sender)
            if method == "RegisterClient":
                self.clients[sender] = Gio.bus_watch_name_on_connection(
                    self.connection, sender, Gio.BusNameWatcherFlags.NONE, None, lambda _c, n: self.forget_client(n)
                )
                self.touch_idle()
            return None
        if method == "GetOS":
            if arguments.unpack()[0] not in ("", self.osname):
                raise Refused("org.freedesktop.DBus.Error.NotFound", "OS name not found")
            return GLib.Variant("(o)", (self.os_path,))
        return self.begin(sender, method, arguments)

    def begin(self, sender, method, arguments):
        if self.reboot_is_on_its_way():
            raise Refused(GIO_ERROR % GIO_FAILED, "Reboot initiated, cannot start new transaction")
        active = self.transaction
        if active and active.matches(method, arguments):
            return GLib.Variant("(s)", (TRANSACTION_ADDRESS,))
        if active:
            raise Refused(
                GIO_ERROR % GIO_BUSY,
                f"Transaction in progress: {active.title}\n"
                " You can cancel the current transaction with `rpm-ostree cancel`",
            )
        options, titles, work = self.plan(method, arguments.unpack())
        first, later = titles
        begun = options.get("initiating-command-line", later)
        title = first or begun
        self.set_transaction(Transaction(self, method, arguments, sender, title, work, begun))
        return GLib.Variant("(s)", (TRANSACTION_ADDRESS,))

    def plan(self, method, arguments):
        """The options of the call, its titles, and its work. Titles: before Start, and later if the options name none."""
        if method == "Deploy":
            revision, options = arguments
            if options.get("register-driver"):
                return options, (UNBEGUN, "deploy"), lambda t: self.register_driver(t, options["register-driver"])
            return options, (UNBEGUN, "deploy"), lambda t: self.deploy(t, None, revision, options)
        if method == "UpdateDeployment":
            modifiers, options = arguments
            refspec, revision = modifiers.get("set-refspec"), modifiers.get("set-revision", "")
            title = "rebase" if refspec else "deploy"
            return options, (UNBEGUN, title), lambda t: self.deploy(t, refspec, revision, options)
        if method == "Rebase":
            options, refspec, _packages = arguments
            return options, (UNBEGUN, "rebase"), lambda t: self.deploy(t, refspec, options.get("revision", ""), options)
        if method == "Upgrade":
            return arguments[0], (UNBEGUN, "upgrade"), lambda t: self.deploy(t, None, "", arguments[0])
        if method == "FinalizeDeployment":
            return arguments[0], (None, "finalize-deployment"), lambda t: self.finalize(t, arguments[0])
        if method == "Rollback":
            return {}, (None, "rollback"), self.rollback
        return {}, (None, "cleanup"), lambda t: self.cleanup(t, arguments[0])


def serve(make_daemon):
    """Runs `make_daemon(connection, loop)` on the system bus until the daemon leaves or SIGTERM arrives."""
    address = os.environ.get("DBUS_STARTER_ADDRESS") or os.environ.get("DBUS_SYSTEM_BUS_ADDRESS", SYSTEM_BUS)
    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
    connection.set_exit_on_close(True)
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGTERM, loop.quit)
    make_daemon(connection, loop).start()
    loop.run()
    if not connection.is_closed():
        connection.flush_sync(None)
