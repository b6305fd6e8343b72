#!/usr/bin/python3
"""Runs a program on a real pseudo-terminal. Usage: on-terminal.py COLUMNS ROWS PROGRAM [ARGUMENT]...

What the program prints goes to standard output as it came. Lines on standard input: `press HEX` types bytes,
`size COLUMNS ROWS` changes the window. When the program has ended, standard error gets one line of JSON: its exit
code, or the signal that ended it, and whether the terminal has the modes that it had before.
"""
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios


def set_size(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


master, slave = pty.openpty()
set_size(master, sys.argv[1], sys.argv[2])
before = termios.tcgetattr(slave)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.execvp(sys.argv[3], sys.argv[3:])

commands = b""
ended = None
reading = True
while True:
    ready, _, _ = select.select([master] + ([0] if reading else []), [], [], 0.05)
    if master in ready:
        data = os.read(master, 65536)
        os.write(1, data)
    if 0 in ready:
        got = os.read(0, 65536)
        reading = got != b""
        commands += got
        while b"\n" in commands:
            line, commands = commands.split(b"\n", 1)
            word, *rest = line.decode().split()
            if word == "press":
                os.write(master, bytes.fromhex(rest[0]))
            if word == "size":
                set_size(master, *rest)
    if ended is None:
        pid, status = os.waitpid(child, os.WNOHANG)
        ended = status if pid == child else None
    elif master not in ready:
        break
same = termios.tcgetattr(slave) == before
os.close(slave)
code = os.WEXITSTATUS(ended) if os.WIFEXITED(ended) else None
name = signal.Signals(os.WTERMSIG(ended)).name if os.WIFSIGNALED(ended) else None
print(json.dumps({"code": code, "signal": name, "isRestored": same}), file=sys.stderr)
