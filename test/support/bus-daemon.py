#!/usr/bin/python3
"""Runs a message bus of type system on a socket in a folder, as systemd runs it. The socket is
passed. Whoever owns org.freedesktop.systemd1 on the bus starts services.

Usage: bus-daemon.py dbus-daemon|dbus-broker FOLDER. The socket is FOLDER/bus.sock, the files of
services are in FOLDER/services. Prints "ready" when the socket accepts, and becomes the daemon.

dbus-broker-launch logs to the journal and does not start without it. Where there is no journal,
one socket that nobody reads stands in, in a mount namespace of this process alone. That needs root.
"""
import ctypes
import os
import signal
import socket
import sys

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>systemd:</listen>
  <auth>EXTERNAL</auth>
  <servicedir>%s/services</servicedir>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
</busconfig>
"""
JOURNAL = "/run/systemd/journal/socket"
LISTEN_FD = 3
PR_SET_PDEATHSIG = 1
CLONE_NEWNS = 0x20000
MS_REC_PRIVATE = 0x44000
LIBC = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def journal_stand_in():
    check(LIBC.unshare(CLONE_NEWNS), "unshare")
    check(LIBC.mount(None, b"/", None, MS_REC_PRIVATE, None), "mount /")
    check(LIBC.mount(b"tmpfs", b"/run", b"tmpfs", 0, None), "mount /run")
    os.makedirs(os.path.dirname(JOURNAL))
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journal.bind(JOURNAL)
    os.set_inheritable(journal.detach(), True)


def main():
    program, folder = sys.argv[1:]
    check(LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    config = os.path.join(folder, "bus.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG % folder)
    path = os.path.join(folder, "bus.sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(128)
    if program == "dbus-broker" and not os.path.exists(JOURNAL):
        journal_stand_in()
    if listener.fileno() == LISTEN_FD:
        os.set_inheritable(LISTEN_FD, True)
    else:
        os.dup2(listener.fileno(), LISTEN_FD)
    os.environ.update(
        LISTEN_PID=str(os.getpid()),
        LISTEN_FDS="1",
        LISTEN_FDNAMES="dbus.socket",
        DBUS_SYSTEM_BUS_ADDRESS="unix:path=" + path,
    )
    print("ready", flush=True)
    if program == "dbus-broker":
        os.execvp("dbus-broker-launch", ["dbus-broker-launch", "--scope", "system", "--config-file", config])
    os.execvp(
        "dbus-daemon",
        ["dbus-daemon", "--config-file=" + config, "--nofork", "--nopidfile", "--systemd-activation"],
    )


main()
