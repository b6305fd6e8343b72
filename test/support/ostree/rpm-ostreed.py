#!/usr/bin/python3
"""rpm-ostree's daemon for the tests' OSTree host: the D-Bus interface for a real sysroot,
through libostree. It asks the real polkit, and the real logind reboots.

Unlike the original, it knows no RPM. A layered package is a file in a separate commit on top of the base
commit. Like a client-side layer, it is made again for each base. `rpm-ostreed.py install NAME` stages one, as
an administrator would.

With RPM_OSTREED_OLD=1 it tells the lock in the deployment's dictionary, as versions before v2024.6 did.

Invariants:
- Blocking work runs in a thread, so the bus always gets an answer.
- The finalization lock exists before anything could finalize the staged deployment.
"""
import os
import sys
import tempfile
import threading

import gi

gi.require_version("OSTree", "1.0")
from gi.repository import Gio, GLib, OSTree

# Nothing can be written next to a program in /usr.
sys.dont_write_bytecode = True
from rpmostree_dbus import (
    ACCESS_DENIED,
    Daemon,
    Failed,
    Refused,
    check_expected,
    first_after_rollback,
    inhibited,
    log,
    serve,
)

SOCKET_PATH = "/run/rpm-ostree-transaction.sock"
DRIVER_PATH = "/run/rpm-ostree/update-driver.gv"
IDLE_MS = 60_000
# Time from the end of the transaction to the reboot, so that the client reads Finished first.
REBOOT_MS = 100
LOOK_MS = 20
ACTION = "org.projectatomic.rpmostree1."
LAYERS = "usr/lib/layered"
BUS = "org.freedesktop.DBus"
LOGIND = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
SYSTEMD = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")
POLKIT = ("org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.PolicyKit1.Authority")


def open_sysroot():
    sysroot = OSTree.Sysroot.new_default()
    sysroot.load(None)
    return sysroot


# --- Deployments ----------------------------------------------------------------------------------------------------


def commit_of(sysroot, checksum):
    """Metadata (variants), parent, and timestamp."""
    _, commit, _state = sysroot.repo().load_commit(checksum)
    metadata = commit.get_child_value(0)
    values = {metadata.get_child_value(n).get_child_value(0).get_string(): metadata.get_child_value(n).get_child_value(1).get_variant()
              for n in range(metadata.n_children())}
    return values, OSTree.commit_get_parent(commit), OSTree.commit_get_timestamp(commit)


def text_of(origin, group, key):
    try:
        return origin.get_string(group, key)
    except GLib.Error:
        return None


def requested_packages(origin):
    names = text_of(origin, "packages", "requested")
    return [name for name in (names or "").split(";") if name]


def refspec_of(origin):
    return text_of(origin, "origin", "baserefspec") or text_of(origin, "origin", "refspec")


def dictionary(sysroot, deployment):
    checksum = deployment.get_csum()
    metadata, parent, timestamp = commit_of(sysroot, checksum)
    origin = deployment.get_origin()
    packages = requested_packages(origin)
    is_layered = "rpmostree.clientlayer" in metadata
    base = parent if is_layered else checksum
    base_metadata, _, base_timestamp = commit_of(sysroot, base)
    booted = sysroot.get_booted_deployment()
    staged = deployment.is_staged()
    osname, serial = deployment.get_osname(), deployment.get_deployserial()
    result = {
        "id": GLib.Variant("s", f"{osname}-{checksum}.{serial}"),
        "osname": GLib.Variant("s", osname),
        "serial": GLib.Variant("i", serial),
        "checksum": GLib.Variant("s", checksum),
        "version": metadata["version"],
        "timestamp": GLib.Variant("t", timestamp),
        "origin": GLib.Variant("s", refspec_of(origin)),
        "booted": GLib.Variant("b", booted is not None and booted.equal(deployment)),
        "staged": GLib.Variant("b", staged),
        "pinned": GLib.Variant("b", deployment.is_pinned()),
        "unlocked": GLib.Variant("s", OSTree.Deployment.unlocked_state_to_string(deployment.get_unlocked())),
        "packages": GLib.Variant("as", packages if is_layered else []),
        "requested-packages": GLib.Variant("as", packages),
        "requested-local-packages": GLib.Variant("as", []),
        "base-commit-meta": GLib.Variant("a{sv}", base_metadata),
    }
    if is_layered:
        result["base-checksum"] = GLib.Variant("s", base)
        result["base-version"] = base_metadata["version"]
        result["base-timestamp"] = GLib.Variant("t", base_timestamp)
        result["layered-commit-meta"] = GLib.Variant("a{sv}", metadata)
    if staged and os.environ.get("RPM_OSTREED_OLD") == "1":
        result["finalization-locked"] = GLib.Variant("b", deployment.is_finalization_locked())
    return result


def layered(sysroot, base, packages):
    """A commit with the packages on top of `base`."""
    repo = sysroot.repo()
    metadata, _, _ = commit_of(sysroot, base)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        os.makedirs(os.path.join(folder, LAYERS))
        for name in packages:
            with open(os.path.join(folder, LAYERS, name), "w", encoding="utf-8") as file:
                file.write(f"{name}\n")
        for path, _, _ in os.walk(folder):
            os.chmod(path, 0o755)
        repo.prepare_transaction(None)
        tree = OSTree.MutableTree.new_from_commit(repo, base)
        repo.write_directory_to_mtree(Gio.File.new_for_path(folder), tree, None, None)
        _, root = repo.write_mtree(tree, None)
        values = GLib.Variant("a{sv}", {**metadata, "rpmostree.clientlayer": GLib.Variant("b", True)})
        _, checksum = repo.write_commit(base, None, None, values, root, None)
        repo.commit_transaction(None)
    return checksum


def stage(sysroot, base, origin, lock):
    """Stages `base` with the packages that `origin` asks for."""
    packages = requested_packages(origin)
    checksum = layered(sysroot, base, packages) if packages else base
    booted = sysroot.get_booted_deployment()
    merge = sysroot.get_merge_deployment(booted.get_osname())
    options = OSTree.SysrootDeployTreeOpts()
    options.locked = lock
    sysroot.stage_tree_with_options(booted.get_osname(), checksum, origin, merge, options, None)


def install(package):
    sysroot = open_sysroot()
    booted = sysroot.get_booted_deployment()
    origin = OSTree.Deployment.get_origin(booted)
    origin.set_string("packages", "requested", ";".join([*requested_packages(origin), package]))
    origin.set_string("origin", "baserefspec", refspec_of(origin))
    origin.remove_key("origin", "refspec")
    stage(sysroot, booted.get_csum(), origin, False)


# --- The daemon -----------------------------------------------------------------------------------------------------


class HostDaemon(Daemon):
    def __init__(self, connection, loop):
        osname = open_sysroot().get_booted_deployment().get_osname()
        super().__init__(connection, loop, osname, SOCKET_PATH, IDLE_MS)
        self.rebooting = False

    def call(self, service, method, arguments):
        name, path, interface = service
        return self.connection.call_sync(
            name, path, interface, method, arguments, None, Gio.DBusCallFlags.NONE, -1, None
        ).unpack()

    def caller(self, sender, what):
        bus = (BUS, "/org/freedesktop/DBus", BUS)
        return self.call(bus, what, GLib.Variant("(s)", (sender,)))[0]

    def deployments(self):
        sysroot = open_sysroot()
        return [dictionary(sysroot, deployment) for deployment in sysroot.get_deployments()]

    def reboot_is_on_its_way(self):
        return self.rebooting

    # Who may

    def authorize(self, sender, method, arguments):
        if method in ("GetOS", "Reload", "UnregisterClient") or self.caller(sender, "GetConnectionUnixUser") == 0:
            return
        for action in self.actions(method, arguments):
            subject = ("system-bus-name", {"name": GLib.Variant("s", sender)})
            request = GLib.Variant("((sa{sv})sa{ss}us)", (subject, ACTION + action, {}, 0, ""))
            ((is_authorized, _is_challenge, _details),) = self.call(POLKIT, "CheckAuthorization", request)
            if not is_authorized:
                log(f"polkit refuses {action} to user {self.caller(sender, 'GetConnectionUnixUser')}")
                kind = "Sysroot" if method == "RegisterClient" else "OS"
                raise Refused(ACCESS_DENIED, f"rpmostreed {kind} operation {method} not allowed for user")

    def actions(self, method, arguments):
        if method == "UpdateDeployment":
            modifiers = arguments[0]
            wanted = [("set-refspec", "rebase"), ("set-revision", "deploy")]
            return [action for key, action in wanted if key in modifiers]
        return {
            "RegisterClient": ["client-management"],
            "ReloadConfig": ["reload-daemon"],
            "Deploy": ["deploy"],
            "Rebase": ["rebase"],
            "Upgrade": ["upgrade"],
            "FinalizeDeployment": ["finalize-deployment"],
            "Cleanup": ["cleanup"],
            "Rollback": ["rollback"],
        }[method]

    # What transactions do

    def in_thread(self, work, on_look=lambda: None):
        """Runs `work(cancellable)` beside the main loop, and returns its result."""
        results, cancellable = [], Gio.Cancellable()

        def run():
            try:
                results.append((work(cancellable), None))
            except GLib.Error as error:
                results.append((None, error))

        thread = threading.Thread(target=run)
        thread.start()
        try:
            while thread.is_alive():
                on_look()
                yield LOOK_MS
        finally:
            cancellable.cancel()
            thread.join()
        on_look()
        ((result, error),) = results
        if error is not None:
            raise Failed(error.message)
        return result

    def register_driver(self, transaction, name):
        pid = self.caller(transaction.sender, "GetConnectionUnixProcessID")
        yield 0
        try:
            (unit,) = self.call(SYSTEMD, "GetUnitByPID", GLib.Variant("(u)", (pid,)))
            bus_name, _path, _interface = SYSTEMD
            unit_id = self.call(
                (bus_name, unit, "org.freedesktop.DBus.Properties"),
                "Get",
                GLib.Variant("(ss)", ("org.freedesktop.systemd1.Unit", "Id")),
            )[0]
        except GLib.Error as error:
            raise Failed(f"could not find caller systemd unit: {error.message}") from error
        os.makedirs(os.path.dirname(DRIVER_PATH), exist_ok=True)
        driver = {"driver-name": GLib.Variant("s", name), "driver-sd-unit": GLib.Variant("s", unit_id)}
        with open(DRIVER_PATH, "wb") as file:
            file.write(GLib.Variant("a{sv}", driver).get_data_as_bytes().get_data())

    def deploy(self, transaction, refspec, revision, options):
        sysroot = open_sysroot()
        # rpm-ostree continues from what boots next: staged, put first by a rollback, or booted.
        base = sysroot.get_deployments()[0]
        origin = base.get_origin()
        followed = refspec_of(origin)
        if refspec is not None:
            if refspec == followed:
                raise Failed("Old and new refs are equal")
            followed = refspec
        checksum = revision.removeprefix("revision=")
        described = dictionary(sysroot, base)
        if refspec is None and checksum == described.get("base-checksum", described["checksum"]).unpack():
            transaction.message("No change.")
            yield 0
            return
        remote, _, ref = followed.partition(":")
        transaction.emit("TaskBegin", "(s)", f"Resolving {checksum}")
        transaction.emit("TaskEnd", "(s)", "done")
        yield from self.pull(transaction, sysroot, remote, checksum)
        metadata, _, timestamp = commit_of(sysroot, checksum)
        if not options.get("skip-branch-check") and ref not in metadata["ostree.ref-binding"].unpack():
            raise Failed(f"Checksum {checksum} not found in {followed}")
        if not options.get("allow-downgrade", True):
            base_at = described.get("base-timestamp", described["timestamp"]).unpack()
            if timestamp < base_at:
                raise Failed(
                    f"Upgrade target revision '{checksum}' with timestamp '{timestamp}' is chronologically older than "
                    f"current revision '{base.get_csum()}' with timestamp '{base_at}'; use --allow-downgrade to permit"
                )
        key = "baserefspec" if requested_packages(origin) else "refspec"
        origin.set_string("origin", key, followed)
        origin.set_string("origin", "override-commit", checksum)
        transaction.emit("TaskBegin", "(s)", f"Checking out tree {checksum[:7]}")
        lock = bool(options.get("lock-finalization", False))
        yield from self.in_thread(lambda _cancellable: stage(open_sysroot(), checksum, origin, lock))
        transaction.emit("TaskEnd", "(s)", "done")
        self.announce_deployments()
        transaction.message("Staging deployment... done")

    def pull(self, transaction, sysroot, remote, checksum):
        progress = OSTree.AsyncProgress.new()
        started = GLib.get_monotonic_time()
        told = []

        def tell():
            count = lambda key: progress.get_uint(key)
            elapsed = (GLib.get_monotonic_time() - started) // 1_000_000
            transferred = progress.get_uint64("bytes-transferred")
            body = (
                (started, elapsed),
                (count("outstanding-fetches"), count("outstanding-writes")),
                (count("scanned-metadata"), count("metadata-fetched"), count("outstanding-metadata-fetches")),
                (0, 0, 0, 0),
                (count("fetched"), count("requested")),
                (transferred, transferred // max(elapsed, 1)),
            )
            if told[-1:] != [body[1:]]:
                told[:] = [body[1:]]
                transaction.emit("DownloadProgress", "((tt)(uu)(uuu)(uuut)(uu)(tt))", *body)

        def pull(cancellable):
            # It has its own context, because the default one belongs to the main loop's thread.
            context = GLib.MainContext.new()
            context.push_thread_default()
            try:
                options = GLib.Variant("a{sv}", {"refs": GLib.Variant("as", [checksum])})
                sysroot.repo().pull_with_options(remote, options, progress, cancellable)
            finally:
                context.pop_thread_default()

        try:
            yield from self.in_thread(pull, tell)
        finally:
            # A pending callback does not keep it alive.
            progress.finish()
        transaction.emit("ProgressEnd")

    def finalize(self, transaction, options):
        yield 0
        sysroot = open_sysroot()
        staged = sysroot.get_staged_deployment()
        if staged is None:
            raise Failed("No pending staged deployment found")
        if staged.get_osname() != self.osname:
            raise Failed(f"Staged deployment is not for osname '{self.osname}'")
        described = dictionary(sysroot, staged)
        found = described.get("base-checksum", described["checksum"]).unpack()
        check_expected(options.get("checksum"), found, options)
        (inhibitors,) = self.call(LOGIND, "ListInhibitors", None)
        holders = [(who, why) for what, who, why, mode, _uid, _pid in inhibitors if mode == "block" and "shutdown" in what]
        if holders:
            raise inhibited(holders)
        if not staged.is_finalization_locked() and not options.get("allow-unlocked"):
            raise Failed("Staged deployment already unlocked")
        if staged.is_finalization_locked():
            sysroot.change_finalization(staged)
        self.rebooting = True
        transaction.message("Initiating reboot")
        GLib.timeout_add(REBOOT_MS, self.reboot)

    def reboot(self):
        self.call(LOGIND, "Reboot", GLib.Variant("(b)", (False,)))
        return GLib.SOURCE_REMOVE

    def rollback(self, _transaction):
        yield 0
        sysroot = open_sysroot()
        deployments = sysroot.get_deployments()
        booted = sysroot.get_booted_deployment()
        position = next(n for n, deployment in enumerate(deployments) if deployment.equal(booted))
        first = first_after_rollback(len(deployments), position, sysroot.get_staged_deployment() is not None)
        order = [deployments[first], *(deployment for n, deployment in enumerate(deployments) if n != first)]
        yield from self.in_thread(lambda cancellable: sysroot.write_deployments(order, cancellable))
        self.announce_deployments()

    def cleanup(self, transaction, elements):
        yield 0
        sysroot = open_sysroot()
        booted = sysroot.get_booted_deployment()
        deployments = sysroot.get_deployments()
        position = next(n for n, deployment in enumerate(deployments) if deployment.equal(booted))

        def stays(n, deployment):
            if n < position:
                return "pending-deploy" not in elements
            return n == position or deployment.is_pinned() or "rollback-deploy" not in elements

        kept = [deployment for n, deployment in enumerate(deployments) if stays(n, deployment)]
        if len(kept) == len(deployments):
            transaction.message("Deployments unchanged.")
            return
        yield from self.in_thread(lambda cancellable: sysroot.write_deployments(kept, cancellable))
        self.announce_deployments()


if __name__ == "__main__":
    if sys.argv[1:2] == ["install"]:
        install(sys.argv[2])
    else:
        serve(HostDaemon)
