#!/usr/bin/python3
"""A real terminal with a person in front of it. Usage: terminal.py reading|full|stopped

Prints the terminal's name below /dev, then waits for the end of its input. With `reading` it then prints what
the person saw. `full`: nobody reads, and the buffer is full. `stopped`: Ctrl-S was pressed.
"""
import fcntl
import os
import pty
import select
import sys
import termios
import tty

mode = sys.argv[1]
master, slave = pty.openpty()
tty.setraw(slave)
if mode == "full":
    fcntl.fcntl(slave, fcntl.F_SETFL, fcntl.fcntl(slave, fcntl.F_GETFL) | os.O_NONBLOCK)
    for size in (4096, 1):
        try:
            while True:
                os.write(slave, b"x" * size)
        except BlockingIOError:
            pass
if mode == "stopped":
    termios.tcflow(slave, termios.TCOOFF)
print(os.ttyname(slave).removeprefix("/dev/"), flush=True)
sys.stdin.read()
if mode == "reading":
    seen = b""
    while select.select([master], [], [], 0)[0]:
        seen += os.read(master, 65536)
    sys.stdout.write(seen.decode())
