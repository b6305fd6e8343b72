"""Stands in for the service manager's notification socket: prints each datagram as one line of JSON.

notify-receiver.py ADDRESS [COMMAND...]: binds ADDRESS ("@name" is abstract) and prints "ready". Runs COMMAND,
if given, with a connected socket as descriptor 3, like systemd's OpenFile=.
"""

import json
import os
import socket
import sys

address = sys.argv[1]
command = sys.argv[2:]
name = "\0" + address[1:] if address.startswith("@") else address

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(name)
print("ready", flush=True)

if command:
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.connect(name)
    if os.fork() == 0:
        os.dup2(sender.fileno(), 3)
        os.environ.update(LISTEN_FDS="1", LISTEN_FDNAMES="notify", LISTEN_PID=str(os.getpid()))
        os.execv(command[0], command)
    sender.close()

while True:
    print(json.dumps(receiver.recv(65536).decode()), flush=True)
