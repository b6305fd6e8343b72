#!/usr/bin/python3
"""A stand-in for rpm-ostree's daemon: the real D-Bus interface over pretended deployments.

It speaks org.projectatomic.rpmostree1 (Sysroot, OS and the peer-to-peer Transaction) with GLib's own D-Bus, so that
the agent's client is never tested against its own code. Deployments, what can be pulled and faults on demand are JSON
files below ROOT/var/lib/stand-in, which sandbox/stand-in.ts writes and which are read again on every use.

Environment:
  STAND_IN_ROOT       the pretended host's root directory (required)
  STAND_IN_SPEED      bytes per second of the pretended network (default 200,000,000)
  STAND_IN_IDLE_SECS  leave the bus after so long without clients and transactions (default 60)
  STAND_IN_REBOOT_MS  from the end of a finalization to the reboot (default 100)

Invariants: one transaction at a time; work begins only at Start; every change of the deployments is written atomically
and bumps the modification time of ROOT/ostree/deploy, as libostree does.
"""
import hashlib
import json
import os
import signal
import socket
import sys
import time

from gi.repository import Gio, GLib

BUS_NAME = "org.projectatomic.rpmostree1"
BASE_PATH = "/org/projectatomic/rpmostree1"
SYSROOT_PATH = BASE_PATH + "/Sysroot"
# What clients are told; a client that works below another root applies its own prefix.
TRANSACTION_ADDRESS = "unix:path=/run/rpm-ostree-transaction.sock"
GIO_ERROR = "org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code%d"
GIO_FAILED, GIO_BUSY = 0, 26
ACCESS_DENIED = "org.freedesktop.DBus.Error.AccessDenied"
CANCELLED = "Operation was cancelled"
# Progress goes out about so often, but at least ten times per download.
TICK_MS = 100
LEAST_TICKS = 10
# How often a stalled or foreign transaction looks whether it was cancelled.
WATCH_MS = 20

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


# --- The files ------------------------------------------------------------------------------------------------------


class Store:
    """The pretended host on disk. Nothing is cached: others edit these files while the daemon runs."""

    def __init__(self, root):
        self.root = root
        self.dir = os.path.join(root, "var/lib/stand-in")
        self.deploy_dir = os.path.join(root, "ostree/deploy")

    def read(self, name, default=None):
        try:
            with open(os.path.join(self.dir, name), encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            if default is None:
                raise
            return default

    def write(self, name, value):
        path = os.path.join(self.dir, name)
        temporary = f"{path}.{os.getpid()}.tmp"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1)
        os.replace(temporary, path)

    def sysroot(self):
        return self.read("sysroot.json")

    def save_sysroot(self, sysroot):
        self.write("sysroot.json", sysroot)
        now = time.time_ns()
        os.utime(self.deploy_dir, ns=(now, now))

    def releases(self):
        return self.read("repository.json")["releases"]

    def fault(self, kind, spend=True):
        """The first fault of that kind that is due, or None; it is spent by one unless told otherwise."""
        faults = self.read("faults.json", {"faults": []})
        for fault in faults["faults"]:
            if fault["kind"] == kind and fault["remaining"] > 0:
                if spend:
                    fault["remaining"] -= 1
                    self.write("faults.json", faults)
                return fault
        return None


def booted_of(deployments):
    return next(d for d in deployments if d["booted"])


def staged_of(deployments):
    return next((d for d in deployments if d["staged"]), None)


# --- Deployment dictionaries ----------------------------------------------------------------------------------------


def manifest_json(release, with_stream):
    """An OCI manifest of about `metadataBytes` bytes, deterministic in the digest."""
    annotations = {"containers.bootc": "1", "ostree.commit": release["checksum"]}
    if with_stream:
        annotations["fedora-coreos.stream"] = release["stream"]
    config = {"digest": release["digest"], "mediaType": "application/vnd.oci.image.config.v1+json", "size": 12891}
    layers, size = [], 0
    while size < release.get("metadataBytes", 8000):
        layer = {
            "digest": "sha256:" + hashlib.sha256(f"{release['digest']} {len(layers)}".encode()).hexdigest(),
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "size": 1_000_000 + len(layers),
        }
        layers.append(layer)
        size += len(json.dumps(layer))
    return json.dumps({"annotations": annotations, "config": config, "layers": layers, "schemaVersion": 2})


def image_config_json(release, with_stream):
    labels = {"containers.bootc": "1", "org.opencontainers.image.version": release["version"]}
    if with_stream:
        labels["com.coreos.stream"] = release["stream"]
    history, size = [], 0
    while size < release.get("metadataBytes", 8000):
        entry = {"created": "2025-11-11T05:05:57Z", "created_by": f"layer {len(history)} of the tree"}
        history.append(entry)
        size += len(json.dumps(entry))
    return json.dumps({"architecture": "amd64", "config": {"Labels": labels}, "history": history, "os": "linux"})


def commit_meta(deployment):
    """base-commit-meta: where the stream stands depends on the age and the kind of the host."""
    meta = {
        "coreos-assembler.basearch": GLib.Variant("s", "x86_64"),
        "rpmostree.initramfs-args": GLib.Variant("as", ["--add=ignition", "--no-hostonly"]),
        "version": GLib.Variant("s", deployment["version"]),
    }
    places = deployment["streamIn"]
    if deployment.get("digest"):
        meta["ostree.manifest-digest"] = GLib.Variant("s", deployment["digest"])
        meta["ostree.importer.version"] = GLib.Variant("s", "0.15.3")
        meta["ostree.manifest"] = GLib.Variant("s", manifest_json(deployment, "annotation" in places))
        config = image_config_json(deployment, "label" in places)
        meta["ostree.container.image-config"] = GLib.Variant("s", config)
    for key in ("fedora-coreos.stream", "nestos.stream"):
        if key in places:
            meta[key] = GLib.Variant("s", deployment["stream"])
    for key, value in deployment.get("metadata", {}).items():
        meta[key] = GLib.Variant("s", value)
    return meta


def dictionary(deployment):
    """One deployment as rpm-ostree describes it, a{sv} as a Python dict of variants."""
    layered = deployment.get("layeredPackages", [])
    checksum = deployment["checksum"]
    if layered:
        checksum = hashlib.sha256((checksum + " ".join(layered)).encode()).hexdigest()
    osname, serial = deployment["osname"], deployment["serial"]
    result = {
        "id": GLib.Variant("s", f"{osname}-{checksum}.{serial}"),
        "osname": GLib.Variant("s", osname),
        "serial": GLib.Variant("i", serial),
        "checksum": GLib.Variant("s", checksum),
        "version": GLib.Variant("s", deployment["version"]),
        "timestamp": GLib.Variant("t", deployment["timestamp"]),
        "booted": GLib.Variant("b", deployment["booted"]),
        "staged": GLib.Variant("b", deployment["staged"]),
        "pinned": GLib.Variant("b", deployment.get("pinned", False)),
        "unlocked": GLib.Variant("s", "none"),
        "packages": GLib.Variant("as", layered),
        "requested-packages": GLib.Variant("as", layered),
        "requested-local-packages": GLib.Variant("as", []),
        "regenerate-initramfs": GLib.Variant("b", False),
        "base-commit-meta": GLib.Variant("a{sv}", commit_meta(deployment)),
    }
    if layered:
        result["base-checksum"] = GLib.Variant("s", deployment["checksum"])
        result["base-version"] = GLib.Variant("s", deployment["version"])
        result["base-timestamp"] = GLib.Variant("t", deployment["timestamp"])
        result["layered-commit-meta"] = GLib.Variant("a{sv}", {"rpmostree.clientlayer": GLib.Variant("b", True)})
    if deployment.get("imageReference"):
        result["container-image-reference"] = GLib.Variant("s", deployment["imageReference"])
        result["container-image-reference-digest"] = GLib.Variant("s", deployment["digest"])
    else:
        result["origin"] = GLib.Variant("s", deployment["origin"])
        result["gpg-enabled"] = GLib.Variant("b", True)
    if deployment["staged"] and deployment["finalizationLocked"] is not None:
        result["finalization-locked"] = GLib.Variant("b", deployment["finalizationLocked"])
    return result


# --- Transactions ---------------------------------------------------------------------------------------------------


class Transaction:
    """One transaction and its peer socket. `work` is a generator that yields milliseconds to wait."""

    def __init__(self, daemon, method, arguments, sender, title, work):
        self.daemon = daemon
        self.method = method
        self.arguments = arguments
        self.sender = sender
        self.title = title
        self.work = work(self)
        # Connections of those who follow, each with the ids of its object and of its handler.
        self.peers = {}
        self.started = False
        self.cancelled = False
        self.finished = None
        self.name_watch = 0
        self.socket_path = os.path.join(daemon.store.root, "run/rpm-ostree-transaction.sock")
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

    def matches(self, method, arguments, sender):
        return (self.method, self.sender) == (method, sender) and self.arguments.equal(arguments)

    def on_sender_vanished(self, _connection, _name):
        # Who asked for it left before Start: nobody will ever start it.
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
        # Invocations keep their connection, and by it the descriptor, alive for as long as Python likes.
        registration, handler = self.peers.pop(connection)
        connection.unregister_object(registration)
        connection.disconnect(handler)
        connection.get_stream().close(None)

    def on_get(self, _connection, _sender, _path, _interface, name):
        return GLib.Variant("s", self.title if name == "Title" else f"client(id:zincati dbus:{self.sender})")

    def on_call(self, connection, _sender, _path, _interface, method, _arguments, invocation):
        if method == "Cancel":
            if not self.daemon.store.fault("ignore-cancel"):
                self.cancelled = True
            invocation.return_value(None)
            return
        starts = not self.started
        self.started = True
        invocation.return_value(GLib.Variant("(b)", (starts,)))
        if starts:
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
    def __init__(self, store, connection, loop):
        self.store = store
        self.connection = connection
        self.loop = loop
        self.speed = float(os.environ.get("STAND_IN_SPEED", "200000000"))
        self.idle_ms = int(float(os.environ.get("STAND_IN_IDLE_SECS", "60")) * 1000)
        self.reboot_ms = int(os.environ.get("STAND_IN_REBOOT_MS", "100"))
        self.clients = {}
        self.transaction = None
        self.idle_source = 0
        # The boot in which a reboot was asked for; until the machine boots again everything is refused.
        self.rebooting_boot = None
        self.osname = store.sysroot()["osname"]
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

    def deployments(self):
        result = [dictionary(deployment) for deployment in self.store.sysroot()["deployments"]]
        fault = self.store.fault("wrong-types")
        if fault:
            wrong = {
                "id": GLib.Variant("u", 7),
                "version": GLib.Variant("i", 42),
                "checksum": GLib.Variant("ay", b"\x01\x02"),
                "base-commit-meta": GLib.Variant("s", "not a dictionary"),
                "packages": GLib.Variant("b", True),
                "container-image-reference": GLib.Variant("(ss)", ("a", "b")),
            }
            if fault.get("where") == "booted":
                booted = next(d for d in result if d["booted"].get_boolean())
                booted.update(wrong)
            else:
                result.append({**wrong, "booted": GLib.Variant("s", "no")})
        return result

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
        deployments = self.store.sysroot()["deployments"]
        others = [d for d in deployments if not d["booted"] and not d["staged"]]
        chosen = {
            "BootedDeployment": [booted_of(deployments)],
            "DefaultDeployment": deployments[:1],
            "RollbackDeployment": others[:1],
        }.get(name, [])
        return GLib.Variant("a{sv}", dictionary(chosen[0]) if chosen else {})

    def on_get(self, _connection, _sender, _path, interface, name):
        self.touch_idle()
        self.begin_foreign_transaction()
        return self.sysroot_property(name) if interface.endswith(".Sysroot") else self.os_property(name)

    # Methods

    def on_call(self, _connection, sender, _path, _interface, method, arguments, invocation):
        if self.store.fault("no-reply-on-exit"):
            log(f"leaving while {method} waits for its answer")
            os._exit(0)
        hang = self.store.fault("hang", spend=False)
        if hang and hang.get("method") == method:
            self.store.fault("hang")
            self.hung = invocation
            return
        self.touch_idle()
        self.begin_foreign_transaction()
        if method in ("Reload", "ReloadConfig"):
            # Answered when nothing else is left to do, so that peers that closed are seen to be gone.
            GLib.idle_add(lambda: invocation.return_value(None), priority=GLib.PRIORITY_LOW)
            return
        try:
            invocation.return_value(self.answer(sender, method, arguments))
        except Refused as refusal:
            invocation.return_dbus_error(refusal.name, str(refusal))

    def answer(self, sender, method, arguments):
        if method in ("RegisterClient", "UnregisterClient"):
            if self.store.fault("client-denied"):
                raise Refused(ACCESS_DENIED, f"rpmostreed Sysroot operation {method} not allowed for user")
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
        if self.store.fault("access-denied"):
            raise Refused(ACCESS_DENIED, f"rpmostreed OS operation {method} not allowed for user")
        if self.rebooting_boot == self.store.sysroot()["boot"]:
            raise Refused(GIO_ERROR % GIO_FAILED, "Reboot initiated, cannot start new transaction")
        active = self.transaction
        if active and active.matches(method, arguments, sender):
            return GLib.Variant("(s)", (TRANSACTION_ADDRESS,))
        if active:
            raise Refused(
                GIO_ERROR % GIO_BUSY,
                f"Transaction in progress: {active.title}\n"
                " You can cancel the current transaction with `rpm-ostree cancel`",
            )
        options, work = self.plan(method, arguments.unpack())
        title = options.get("initiating-command-line", method.lower())
        self.set_transaction(Transaction(self, method, arguments, sender, title, work))
        return GLib.Variant("(s)", (TRANSACTION_ADDRESS,))

    def plan(self, method, arguments):
        """The options of the call, and its work."""
        if method == "Deploy":
            revision, options = arguments
            if options.get("register-driver"):
                return options, lambda t: self.register_driver(options["register-driver"])
            return options, lambda t: self.deploy(t, None, revision, options)
        if method == "UpdateDeployment":
            modifiers, options = arguments
            refspec, revision = modifiers.get("set-refspec"), modifiers.get("set-revision", "")
            return options, lambda t: self.deploy(t, refspec, revision, options)
        if method == "Rebase":
            options, refspec, _packages = arguments
            return options, lambda t: self.deploy(t, refspec, options.get("revision", ""), options)
        if method == "Upgrade":
            return arguments[0], lambda t: self.deploy(t, None, "", arguments[0])
        if method == "FinalizeDeployment":
            return arguments[0], lambda t: self.finalize(t, arguments[0])
        return {"initiating-command-line": "cleanup"}, lambda t: self.cleanup(t, arguments[0])

    def begin_foreign_transaction(self):
        """The fault `busy`: somebody else's transaction, which runs for `secs` seconds and is started already."""
        if self.transaction or not self.store.fault("busy", spend=False):
            return
        fault = self.store.fault("busy")

        def work(transaction):
            percent, ticks = 0, max(1, int(fault.get("secs", 1) * 1000 / TICK_MS))
            while percent < 100 or fault.get("endless"):
                transaction.emit("PercentProgress", "(su)", "Installing packages", min(percent, 99))
                yield TICK_MS
                percent += 100 / ticks
            if fault.get("text"):
                raise Failed(fault["text"])

        nothing = GLib.Variant("()", ())
        foreign = Transaction(self, "PkgChange", nothing, None, fault.get("title", "install htop"), work)
        foreign.started = True
        self.set_transaction(foreign)
        GLib.idle_add(foreign.step)

    # What transactions do

    def register_driver(self, name):
        yield 0
        if self.store.fault("no-unit"):
            raise Failed("could not find caller systemd unit")
        sysroot = self.store.sysroot()
        # The driver lives in /run: no deployment changes, so the deploy directory is not touched.
        self.store.write("sysroot.json", {**sysroot, "driver": name})

    def find_release(self, revision, image):
        for release in self.store.releases():
            if revision in (release.get("digest"), "revision=" + release["checksum"], release["checksum"]):
                if image is not None and release.get("image") not in (None, image):
                    continue
                return release
        return None

    def deploy(self, transaction, refspec, revision, options):
        sysroot = self.store.sysroot()
        booted = booted_of(sysroot["deployments"])
        # rpm-ostree goes on from the staged deployment when there is one.
        base = staged_of(sysroot["deployments"]) or booted
        followed = refspec or base.get("imageReference") or base.get("origin")
        if refspec is not None and refspec == (base.get("imageReference") or base.get("origin")):
            raise Failed("Old and new refs are equal")
        is_image = followed.startswith("ostree-")
        if is_image and not revision.startswith("sha256:"):
            raise Failed(f"Cannot deploy revision '{revision}': the host follows a container image")
        if not is_image and revision.startswith("sha256:"):
            raise Failed(f"Invalid revision '{revision}': the host follows an OSTree ref")
        image = image_name(followed) if is_image else None
        if is_image:
            transaction.message(f"Pulling manifest: {followed.rsplit('@')[0]}@{revision}")
        else:
            transaction.emit("TaskBegin", "(s)", "Resolving " + revision)
            transaction.emit("TaskEnd", "(s)", "done")
        yield 0
        fault = self.store.fault("deploy-fails")
        if fault:
            raise Failed(fault.get("text", "While pulling: Server returned HTTP 503"))
        release = self.find_release(revision, image)
        if release is None:
            what = f"manifest unknown: {image}@{revision}" if is_image else f"No such commit: {revision}"
            raise Failed(f"While pulling: {what}")
        if not options.get("allow-downgrade", True) and release["timestamp"] < booted["timestamp"]:
            raise Failed(
                f"Upgrade target revision '{release['checksum']}' with timestamp '{release['timestamp']}' is "
                f"chronologically older than current revision '{booted['checksum']}' with timestamp "
                f"'{booted['timestamp']}'; use --allow-downgrade to permit"
            )
        if not is_image and not options.get("skip-branch-check") and release["stream"] != booted["stream"]:
            raise Failed(f"Checksum {release['checksum']} not found in {followed}")
        yield from self.download(transaction, release, is_image)
        transaction.emit("TaskBegin", "(s)", f"Checking out tree {release['checksum'][:7]}")
        yield 0
        transaction.emit("TaskEnd", "(s)", "done")
        self.stage(release, followed, is_image, options)
        transaction.message("Staging deployment... done")

    def download(self, transaction, release, is_image):
        total = release["bytes"]
        duration_ms = total / self.speed * 1000
        tick_ms = max(1, min(TICK_MS, duration_ms / LEAST_TICKS))
        ticks = max(LEAST_TICKS, int(duration_ms / tick_ms))
        dies, stalls = self.store.fault("die-mid-download"), self.store.fault("stall")
        started = GLib.get_monotonic_time()
        if is_image:
            transaction.message(f"layers already present: 43; layers needed: 8 ({total / 1e6:.1f} MB)")
        for tick in range(1, ticks + 1):
            if tick * 2 >= ticks:
                if dies:
                    log("dying in the middle of a download")
                    self.connection.flush_sync(None)
                    os._exit(9)
                if stalls:
                    yield from transaction.wait_until_cancelled()
            done, percent = total * tick // ticks, 100 * tick // ticks
            if is_image:
                transaction.emit("PercentProgress", "(su)", "Fetching layers", percent)
            else:
                elapsed = (GLib.get_monotonic_time() - started) // 1_000_000
                transaction.emit(
                    "DownloadProgress",
                    "((tt)(uu)(uuu)(uuut)(uu)(tt))",
                    (started, elapsed),
                    (ticks - tick, 0),
                    (120, 120, 0),
                    (0, 0, 0, 0),
                    (tick * 10, ticks * 10),
                    (done, int(self.speed)),
                )
            yield tick_ms
        transaction.emit("ProgressEnd")

    def stage(self, release, followed, is_image, options):
        sysroot = self.store.sysroot()
        booted = booted_of(sysroot["deployments"])
        others = [d for d in sysroot["deployments"] if not d["staged"]]
        wrong_stream = self.store.fault("wrong-stream")
        same = sum(1 for d in others if d["checksum"] == release["checksum"])
        staged = {
            **{key: value for key, value in release.items() if key not in ("bytes", "image")},
            "osname": self.osname,
            "serial": same,
            "booted": False,
            "staged": True,
            "finalizationLocked": bool(options.get("lock-finalization", False)),
            "layeredPackages": booted.get("layeredPackages", []),
            ("imageReference" if is_image else "origin"): followed,
        }
        if wrong_stream:
            staged["stream"] = wrong_stream.get("stream", "testing")
        if not is_image:
            staged.pop("digest", None)
        self.store.save_sysroot({**sysroot, "deployments": [staged, *others]})
        self.announce({"Deployments": self.sysroot_property("Deployments")})

    def finalize(self, transaction, options):
        yield 0
        fault = self.store.fault("finalize-fails")
        if fault:
            raise Failed(fault.get("text", "Failed to start reboot.target: Access denied"))
        sysroot = self.store.sysroot()
        staged = staged_of(sysroot["deployments"])
        if staged is None:
            raise Failed("No pending staged deployment found")
        if staged["osname"] != self.osname:
            raise Failed(f"Staged deployment is not for osname '{self.osname}'")
        expected = options.get("checksum")
        found = staged["digest"] if staged.get("imageReference") else staged["checksum"]
        if expected is not None and expected != found:
            raise Failed(f"Expected staged base checksum {expected}, but found {found}")
        if not staged["finalizationLocked"] and not options.get("allow-unlocked"):
            raise Failed("Staged deployment already unlocked")
        inhibitor = self.store.fault("inhibited")
        if inhibitor:
            raise Failed(
                "Reboot blocked by a systemd inhibitor lock in `block` mode\n"
                f"Held by: {inhibitor.get('who', 'dnf')}\nReason: {inhibitor.get('why', 'system update')}"
            )
        staged["finalizationLocked"] = False
        self.store.save_sysroot(sysroot)
        self.rebooting_boot = sysroot["boot"]
        if self.store.fault("finalize-reboot-never-comes"):
            log("asked for a reboot that never comes")
            return
        transaction.message("Initiating reboot")
        GLib.timeout_add(self.reboot_ms, self.reboot)

    def reboot(self):
        path = os.path.join(self.store.root, "run/machine.sock")
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as machine:
                machine.settimeout(5)
                machine.connect(path)
                machine.sendall(b"reboot\n")
        except OSError as error:
            log(f"cannot reach the machine at {path}: {error}")
        return GLib.SOURCE_REMOVE

    def cleanup(self, transaction, elements):
        yield 0
        sysroot = self.store.sysroot()

        def stays(deployment):
            if deployment["staged"]:
                return "pending-deploy" not in elements
            return deployment["booted"] or deployment.get("pinned") or "rollback-deploy" not in elements

        kept = [deployment for deployment in sysroot["deployments"] if stays(deployment)]
        if len(kept) == len(sysroot["deployments"]):
            transaction.message("Deployments unchanged.")
            return
        self.store.save_sysroot({**sysroot, "deployments": kept})
        self.announce({"Deployments": self.sysroot_property("Deployments")})


def image_name(reference):
    """`ostree-image-signed:docker://quay.io/a/b:stable` -> `quay.io/a/b`."""
    if reference.startswith("ostree-unverified-registry:"):
        image = reference.split(":", 1)[1]
    elif reference.startswith("ostree-remote-image:"):
        image = reference.split(":", 3)[3]
    else:
        image = reference.split(":", 2)[2]
    image = image.removeprefix("//").split("@")[0]
    head, colon, tail = image.rpartition(":")
    return head if colon and "/" not in tail else image


def main():
    address = os.environ.get("DBUS_STARTER_ADDRESS") or os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
    connection.set_exit_on_close(True)
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGTERM, loop.quit)
    daemon = Daemon(Store(os.environ["STAND_IN_ROOT"]), connection, loop)
    daemon.start()
    loop.run()
    connection.flush_sync(None)


if __name__ == "__main__":
    main()
