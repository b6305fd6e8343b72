#!/usr/bin/python3
"""What a host reaches over its network: an OSTree repository and an update graph. Usage: server.py FOLDER

Serves FOLDER/repo as /repo, and FOLDER/graph.json, which it reads each time, as /v1/graph. Prints "listening"
when it is ready. While FOLDER/stall exists, requests for objects of the repository get no answer, and "===
stalled" is printed for each.
"""
import http.server
import os
import sys
import time

PORT = 8080
LOOK_SECS = 0.05
folder = sys.argv[1]


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments):
        super().__init__(*arguments, directory=folder)

    def do_GET(self):
        if self.path.split("?")[0] == "/v1/graph":
            self.path = "/graph.json"
        elif not self.path.startswith("/repo/"):
            self.send_error(404)
            return
        if self.path.startswith("/repo/objects/"):
            self.stall()
        super().do_GET()

    def stall(self):
        flag = os.path.join(folder, "stall")
        if os.path.exists(flag):
            print("=== stalled", flush=True)
        while os.path.exists(flag):
            time.sleep(LOOK_SECS)

    def log_message(self, *_arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, _request, _address):
        """Some tests are about clients that go away in the middle."""


server = Server(("127.0.0.1", PORT), Handler)
print("listening", flush=True)
server.serve_forever()
