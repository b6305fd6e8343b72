#!/usr/bin/python3
"""Calls the agent through dasbus. Usage: dasbus-client.py ADDRESS. Prints one JSON object."""
import json
import sys

from dasbus.connection import AddressedMessageBus
from dasbus.error import DBusError
from dasbus.typing import get_native

NAME = "org.coreos.zincati"
PATH = "/org/coreos/zincati"


def main():
    bus = AddressedMessageBus(sys.argv[1])
    agent = bus.get_proxy(NAME, PATH, interface_name=NAME + ".Agent1")
    error = ""
    try:
        agent.History({"newest": 0})
    except TypeError:
        error = "TypeError"
    except DBusError as refusal:
        error = refusal.dbus_name if hasattr(refusal, "dbus_name") else str(refusal)
    job = agent.Check({})
    job_proxy = bus.get_proxy(NAME, job, interface_name=NAME + ".Job1")
    print(
        json.dumps(
            {
                "state": agent.State,
                "checks": get_native(agent.Checks),
                "entries": get_native(agent.History({})),
                "kind": job_proxy.Kind,
                "error": error,
            },
            sort_keys=True,
        )
    )
    bus.disconnect()


main()
