#!/usr/bin/python3
"""A stand-in for rpm-ostree's daemon: the real D-Bus interface (rpmostree_dbus.py) with simulated deployments.

Deployments, available releases and faults on demand are JSON files below ROOT/var/lib/stand-in.
sandbox/stand-in.ts writes them, and the daemon reads them again on every use.

Environment:
  STAND_IN_ROOT       the simulated host's root directory (required)
  STAND_IN_SPEED      bytes per second of the simulated network (default 200,000,000)
  STAND_IN_IDLE_SECS  leave the bus after so long without clients and transactions (default 60)
  STAND_IN_REBOOT_MS  from the end of a finalization to the reboot (default 100)

Invariants:
- Every change of the deployments is written atomically and updates the modification time of ROOT/ostree/deploy, as
  with libostree.
- Whether the staged deployment is locked stands where the version that is played keeps it (see `write_lock`).
"""
import hashlib
import json
import os
import socket
import sys
import time

from gi.repository import GLib

# The project's folder must not change.
sys.dont_write_bytecode = True
from rpmostree_dbus import (
    ACCESS_DENIED,
    Daemon,
    Failed,
    Refused,
    Transaction,
    check_expected,
    first_after_rollback,
    inhibited,
    log,
    serve,
)

# Progress is sent about this often, but at least ten times per download.
TICK_MS = 100
LEAST_TICKS = 10
# Layers that an image's download has.
LAYERS = 8
# The version that is played unless sysroot.json names an older one.
NEW_VERSION = "v2026.2"
# The daemons of this version told the lock always; those between told it only while it was there.
ALWAYS_TOLD = "v2020.1"


# --- The files ------------------------------------------------------------------------------------------------------


class Store:
    """The simulated host on disk. Nothing is cached, because others edit these files while the daemon runs."""

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
        self.write_lock(sysroot)
        now = time.time_ns()
        os.utime(self.deploy_dir, ns=(now, now))

    def write_lock(self, sysroot):
        """libostree's files below ROOT/run/ostree. Since v2024.6 the lock is a key of the one, before it was the other."""
        folder = os.path.join(self.root, "run/ostree")
        os.makedirs(folder, exist_ok=True)
        path, old_lock = os.path.join(folder, "staged-deployment"), os.path.join(folder, "staged-deployment-locked")
        staged = staged_of(sysroot["deployments"])
        is_locked = staged is not None and bool(staged["finalizationLocked"])
        if is_locked and is_old(sysroot):
            with open(old_lock, "w", encoding="utf-8"):
                pass
        elif os.path.exists(old_lock):
            os.unlink(old_lock)
        if staged is None:
            if os.path.exists(path):
                os.unlink(path)
            return
        bootcsum = GLib.Variant("s", hashlib.sha256(staged["checksum"].encode()).hexdigest())
        target = {
            "name": GLib.Variant("s", f"{staged['checksum']}.{staged['serial']}"),
            "osname": GLib.Variant("s", staged["osname"]),
            "bootcsum": bootcsum,
        }
        content = {
            "target": GLib.Variant("a{sv}", target),
            "kargs": GLib.Variant("as", ["rw", "ignition.platform.id=metal"]),
            "overlay-initrds": GLib.Variant("as", []),
        }
        if not is_old(sysroot) and staged["finalizationLocked"] is not None:
            content["locked"] = GLib.Variant("b", is_locked)
        temporary = f"{path}.{os.getpid()}.tmp"
        with open(temporary, "wb") as file:
            file.write(GLib.Variant("a{sv}", content).get_data_as_bytes().get_data())
        os.replace(temporary, path)

    def releases(self):
        return self.read("repository.json")["releases"]

    def fault(self, kind, spend=True):
        """The first fault of that kind that is due, or None. This uses it up once, unless told otherwise."""
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


def is_old(sysroot):
    """A daemon before v2024.6."""
    return sysroot.get("version", NEW_VERSION) != NEW_VERSION


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
    """base-commit-meta. Where it names the stream depends on the age and the kind of the host."""
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


def dictionary(deployment, version=NEW_VERSION):
    """One deployment as rpm-ostree describes it, a{sv} as a Python dict of variants."""
    layered, local = deployment.get("layeredPackages", []), deployment.get("localPackages", [])
    checksum = deployment["checksum"]
    if layered or local:
        checksum = hashlib.sha256((checksum + " ".join(layered + local)).encode()).hexdigest()
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
        "requested-local-packages": GLib.Variant("as", local),
        "regenerate-initramfs": GLib.Variant("b", False),
        "base-commit-meta": GLib.Variant("a{sv}", commit_meta(deployment)),
    }
    if layered or local:
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
    is_locked = bool(deployment["finalizationLocked"])
    if deployment["staged"] and version != NEW_VERSION and (is_locked or version == ALWAYS_TOLD):
        result["finalization-locked"] = GLib.Variant("b", is_locked)
    return result


# --- The daemon -----------------------------------------------------------------------------------------------------


class PretendedDaemon(Daemon):
    def __init__(self, store, connection, loop):
        idle_ms = int(float(os.environ.get("STAND_IN_IDLE_SECS", "60")) * 1000)
        socket_path = os.path.join(store.root, "run/rpm-ostree-transaction.sock")
        super().__init__(connection, loop, store.sysroot()["osname"], socket_path, idle_ms)
        self.store = store
        self.speed = float(os.environ.get("STAND_IN_SPEED", "200000000"))
        self.reboot_ms = int(os.environ.get("STAND_IN_REBOOT_MS", "100"))
        # The boot in which a reboot was requested. Until the next boot every call is refused.
        self.rebooting_boot = None

    def deployments(self):
        sysroot = self.store.sysroot()
        version = sysroot.get("version", NEW_VERSION)
        result = [dictionary(deployment, version) for deployment in sysroot["deployments"]]
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

    def on_get(self, *arguments):
        self.begin_foreign_transaction()
        return super().on_get(*arguments)

    def before_call(self, method, invocation):
        if self.store.fault("no-reply-on-exit"):
            log(f"leaving while {method} waits for its answer")
            os._exit(0)
        hang = self.store.fault("hang", spend=False)
        if hang and hang.get("method") == method:
            self.store.fault("hang")
            self.hung = invocation
            return True
        self.begin_foreign_transaction()
        return False

    def authorize(self, _sender, method, _arguments):
        if method in ("RegisterClient", "UnregisterClient"):
            if self.store.fault("client-denied"):
                raise Refused(ACCESS_DENIED, f"rpmostreed Sysroot operation {method} not allowed for user")
        elif method != "GetOS" and self.store.fault("access-denied"):
            raise Refused(ACCESS_DENIED, f"rpmostreed OS operation {method} not allowed for user")

    def cancel_delay_ms(self):
        if self.store.fault("ignore-cancel"):
            return None
        late = self.store.fault("cancel-late")
        return int(late.get("secs", 30) * 1000) if late else 0

    def reboot_is_on_its_way(self):
        return self.rebooting_boot == self.store.sysroot()["boot"]

    def begin_foreign_transaction(self):
        """The fault `busy`: somebody else's transaction, already started, that runs for `secs` seconds."""
        if self.transaction or not self.store.fault("busy", spend=False):
            return
        fault = self.store.fault("busy")

        def work(transaction):
            percent, ticks = 0, max(1, int(fault.get("secs", 1) * 1000 / TICK_MS))
            started = GLib.get_monotonic_time()
            while percent < 100 or fault.get("endless"):
                if fault.get("download"):
                    # A server that sends nothing: the clock goes on, the counts do not.
                    transaction.download_progress(started, (3, 0), (120, 120, 0), (10, 100), (1_000_000, 0))
                else:
                    transaction.emit("PercentProgress", "(su)", "Installing packages", min(percent, 99))
                yield TICK_MS
                percent += 100 / ticks
            if fault.get("stages"):
                release = next(r for r in self.store.releases() if r["version"] == fault["stages"])
                followed = booted_of(self.store.sysroot()["deployments"])["origin"]
                self.stage(release, followed, False, {"lock-finalization": True})
            if fault.get("text"):
                raise Failed(fault["text"])

        nothing = GLib.Variant("()", ())
        foreign = Transaction(self, "PkgChange", nothing, None, fault.get("title", "install htop"), work)
        foreign.started = True
        self.set_transaction(foreign)
        GLib.idle_add(foreign.step)

    # What transactions do

    def register_driver(self, _transaction, name):
        yield 0
        if self.store.fault("no-unit"):
            raise Failed("could not find caller systemd unit")
        sysroot = self.store.sysroot()
        # The driver is recorded in /run. No deployment changes, so the deploy directory is not touched.
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
        # rpm-ostree continues from what boots next: staged, put first by a rollback, or booted.
        base = sysroot["deployments"][0]
        followed = refspec or base.get("imageReference") or base.get("origin")
        if refspec is not None and refspec == (base.get("imageReference") or base.get("origin")):
            raise Failed("Old and new refs are equal")
        is_image = followed.startswith("ostree-")
        if is_image and not revision.startswith("sha256:"):
            raise Failed(f"Cannot deploy revision '{revision}': the host follows a container image")
        if not is_image and revision.startswith("sha256:"):
            raise Failed(f"Invalid revision '{revision}': the host follows an OSTree ref")
        image = image_name(followed) if is_image else None
        if refspec is None and is_revision(base, revision):
            # Also where nothing is staged, or where the lock was asked for and the deployment has none.
            transaction.message("No change.")
            yield 0
            return
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
        if not options.get("allow-downgrade", True) and release["timestamp"] < base["timestamp"]:
            raise Failed(
                f"Upgrade target revision '{release['checksum']}' with timestamp '{release['timestamp']}' is "
                f"chronologically older than current revision '{base['checksum']}' with timestamp "
                f"'{base['timestamp']}'; use --allow-downgrade to permit"
            )
        if not is_image and not options.get("skip-branch-check") and release["stream"] != base["stream"]:
            raise Failed(f"Checksum {release['checksum']} not found in {followed}")
        yield from self.download(transaction, release, is_image)
        transaction.emit("TaskBegin", "(s)", f"Checking out tree {release['checksum'][:7]}")
        yield 0
        transaction.emit("TaskEnd", "(s)", "done")
        self.stage(release, followed, is_image, options)
        transaction.message("Staging deployment... done")
        # This check comes after staging, and what it refuses stays staged.
        insane = self.store.fault("sanity-check-fails")
        if insane:
            raise Failed(insane.get("text", "Sanity-checking final rootfs: bwrap(/usr/bin/true): Child process exited with code 1"))

    def download(self, transaction, release, is_image):
        total = release["bytes"]
        duration_ms = total / self.speed * 1000
        tick_ms = max(1, min(TICK_MS, duration_ms / LEAST_TICKS))
        ticks = max(LEAST_TICKS, int(duration_ms / tick_ms))
        dies, stalls = self.store.fault("die-mid-download"), self.store.fault("stall")
        silence = self.store.fault("silent-layer")
        started = GLib.get_monotonic_time()
        if is_image:
            transaction.message(f"layers already present: 43; layers needed: {LAYERS} ({total / 1e6:.1f}\u00a0MB)")
        layer = 0
        for tick in range(1, ticks + 1):
            if is_image and layer < LAYERS and (tick - 1) * LAYERS >= layer * ticks:
                if layer > 0:
                    transaction.emit("TaskEnd", "(s)", "done")
                layer += 1
                digest = hashlib.sha256(f"{release['digest']} {layer}".encode()).hexdigest()[:12]
                size = f"{total / LAYERS / 1e6:.1f}\u00a0MB"
                transaction.emit("TaskBegin", "(s)", f"Fetching ostree chunk {digest} ({size})")
            if tick * 2 >= ticks:
                if dies:
                    log("dying in the middle of a download")
                    self.connection.flush_sync(None)
                    os._exit(9)
                if stalls:
                    yield from transaction.wait_until_cancelled()
                if silence:
                    yield from transaction.wait_silently(int(silence.get("secs", 1) * 1000))
                    silence = None
            if not is_image:
                transaction.download_progress(
                    started, (ticks - tick, 0), (120, 120, 0), (tick * 10, ticks * 10), (total * tick // ticks, int(self.speed))
                )
            yield tick_ms
        if is_image:
            transaction.emit("TaskEnd", "(s)", "done")
        else:
            transaction.emit("ProgressEnd")

    def stage(self, release, followed, is_image, options):
        sysroot = self.store.sysroot()
        base = sysroot["deployments"][0]
        others = [d for d in sysroot["deployments"] if not d["staged"]]
        wrong_stream = self.store.fault("wrong-stream")
        same = sum(1 for d in others if d["checksum"] == release["checksum"])
        staged = {
            **{key: value for key, value in release.items() if key not in ("bytes", "image")},
            "osname": self.osname,
            "serial": same,
            "booted": False,
            "staged": True,
            "finalizationLocked": True if options.get("lock-finalization") else None,
            "layeredPackages": base.get("layeredPackages", []),
            "localPackages": base.get("localPackages", []),
            ("imageReference" if is_image else "origin"): followed,
        }
        if wrong_stream:
            staged["stream"] = wrong_stream.get("stream", "testing")
        if not is_image:
            staged.pop("digest", None)
        self.store.save_sysroot({**sysroot, "deployments": [staged, *others]})
        self.announce_deployments()

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
        check_expected(expected, found, options)
        inhibitor = self.store.fault("inhibited")
        if inhibitor:
            reasons = inhibitor.get("reasons", [inhibitor.get("why", "system update")])
            raise inhibited([(inhibitor.get("who", "dnf"), why) for why in reasons])
        if not staged["finalizationLocked"] and not options.get("allow-unlocked"):
            raise Failed("Staged deployment already unlocked")
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

    def rollback(self, _transaction):
        yield 0
        sysroot = self.store.sysroot()
        deployments = sysroot["deployments"]
        first = first_after_rollback(
            len(deployments), [d["booted"] for d in deployments].index(True), staged_of(deployments) is not None
        )
        others = [deployment for n, deployment in enumerate(deployments) if n != first]
        self.store.save_sysroot({**sysroot, "deployments": [deployments[first], *others]})
        self.announce_deployments()

    def cleanup(self, transaction, elements):
        yield 0
        sysroot = self.store.sysroot()
        position = [deployment["booted"] for deployment in sysroot["deployments"]].index(True)

        def stays(n, deployment):
            if n == position or deployment.get("pinned"):
                return True
            return ("pending-deploy" if n < position else "rollback-deploy") not in elements

        kept = [deployment for n, deployment in enumerate(sysroot["deployments"]) if stays(n, deployment)]
        if len(kept) == len(sysroot["deployments"]):
            transaction.message("Deployments unchanged.")
            return
        self.store.save_sysroot({**sysroot, "deployments": kept})
        self.announce_deployments()


def is_revision(deployment, revision):
    return revision.removeprefix("revision=") in (deployment.get("digest"), deployment["checksum"])


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
    store = Store(os.environ["STAND_IN_ROOT"])
    serve(lambda connection, loop: PretendedDaemon(store, connection, loop))


if __name__ == "__main__":
    main()
