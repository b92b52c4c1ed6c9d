#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The same bursts to nginx's limit_req and to wye's rate-limit: the verdicts are compared one by
one. Each pattern comes from an address of its own, so that its bucket is empty."""

import os
import re
import select
import socket
import subprocess
import tempfile
import time
import unittest

from proxies import Proxy, program
from wye import PATIENCE, Wye, main

LIMITS = {  # of a path: as nginx writes them and as wye does
    "/plain": ("zone=s burst=10 delay=5", "rate = 5; burst = 10; delay = 5;"),
    "/nodelay": ("zone=s burst=10 nodelay", "rate = 5; burst = 10; delay = 10;"),
    "/queue": ("zone=s burst=10", "rate = 5; burst = 10; delay = 0;"),
    "/strict": ("zone=s", "rate = 5; burst = 0; delay = 0;"),
    "/minute": ("zone=m burst=1 nodelay", 'rate = 30; per = "minute"; burst = 1; delay = 1;'),
}
NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log stderr;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  limit_req_zone $binary_remote_addr zone=s:1m rate=5r/s;
  limit_req_zone $binary_remote_addr zone=m:1m rate=30r/m;
  limit_req_status 429;
  server {{ listen 127.0.0.1:{port}; root {root}; {locations} }}
}}
"""
CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; }} );
http_threads = 1;
middleware = ( {uses} );
rest = {{ routes = ( {routes} ); }};
"""
AT_ONCE = [0] * 20
CLEAR = 0.05  # seconds: who waits less has passed at once
PATTERNS = [  # name, path, when each request is sent, what comes of it
    ("at once", "/plain", AT_ONCE, "P6 W5 R9"),
    ("paced below the rate", "/plain", [0.21 * i for i in range(9)], "P9"),
    ("paced above the rate", "/plain", [0.06 * i for i in range(16)], "P8 W7 R1"),
    ("after a short pause", "/plain", AT_ONCE + [1.1] * 8, "P6 W5 R9 W5 R3"),
    ("after a long pause", "/plain", AT_ONCE + [3] * 8, "P6 W5 R9 P6 W2"),
    ("nodelay", "/nodelay", AT_ONCE, "P11 R9"),
    ("nodelay after a pause", "/nodelay", AT_ONCE + [0.5] * 5, "P11 R9 P2 R3"),
    ("without delay", "/queue", [0] * 14, "P1 W10 R3"),
    ("per minute", "/minute", [0, 0, 0, 2.1, 2.1], "P2 R1 P1 R1"),
    ("without burst", "/strict", [0, 0, 0.1, 0.25, 0.3, 0.55], "P1 R2 P1 R1 P1"),
]


def version():
    """Of nginx."""
    text = subprocess.run([program("nginx"), "-v"], capture_output=True, text=True).stderr
    return tuple(int(part) for part in re.search(r"nginx/([\d.]+)", text).group(1).split("."))


class One:
    """A request on a connection of its own."""

    def __init__(self, port, path, source):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0))
        self.began = time.monotonic()
        self.socket.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                            % path.encode())
        self.status = None

    def fileno(self):
        return self.socket.fileno()

    def read(self):
        self.took = time.monotonic() - self.began
        self.status = int(self.socket.recv(4096).split()[1])
        self.socket.close()

    def verdict(self):
        return "R" if self.status == 429 else "W" if self.took >= CLEAR else "P"


def turn(waiting, until):
    """Reads answers until then, or until all are there."""
    while waiting:
        ready = select.select(waiting, [], [], max(0, until - time.monotonic()))[0]
        for one in ready:
            one.read()
            waiting.remove(one)
        if not ready:
            return


def play(ports, path, offsets, source):
    """Sends to all servers at these times; each request when the one before it is answered or
    has begun to wait. Returns a list for each server."""
    sent, waiting = [[] for _ in ports], []
    start = time.monotonic()
    for offset in offsets:
        turn(waiting, start + offset)
        time.sleep(max(0, start + offset - time.monotonic()))
        latest = [One(port, path, source) for port in ports]
        for several, one in zip(sent, latest):
            several.append(one)
        turn(latest, time.monotonic() + 0.01)
        waiting += latest
    turn(waiting, time.monotonic() + PATIENCE)
    return sent


def spell(verdicts):
    return " ".join(run.group(1) + str(len(run.group())) for run in re.finditer(r"(.)\1*", verdicts))


class NginxRates(unittest.TestCase):
    def setUp(self):
        if version() < (1, 15, 7):
            self.skipTest("needs nginx 1.15.7 or later")
        self.root = self.enterContext(tempfile.TemporaryDirectory())
        self.sources = ("127.0.%d.%d" % (os.getpid() % 200 + 2, i) for i in range(1, 250))
        for one in LIMITS:
            with open(self.root + one, "w") as out:
                out.write("hello\n")
        self.nginx = self.enterContext(Proxy("nginx", NGINX, root=self.root, locations=" ".join(
            "location = %s { limit_req %s; }" % (path, limits[0]) for path, limits in LIMITS.items())))

    def config(self):
        names = {path: path[1:] for path in LIMITS}
        return CONFIG.format(
            uses=", ".join('{ use = "rate-limit"; as = "%s"; %s }'
                           % (names[path], limits[1]) for path, limits in LIMITS.items()),
            routes=", ".join('{ path = "%s"; handler = "respond"; chain = [ "%s" ]; }'
                             % (path, names[path]) for path in LIMITS))

    def compare(self, ports, path, offsets):
        """Verdicts as nginx and as wye gave them, and the largest difference in their waits."""
        nginx, wye = play(ports, path, offsets, next(self.sources))
        apart = max(abs(a.took - b.took) for a, b in zip(nginx, wye))
        return ["".join(one.verdict() for one in several) for several in (nginx, wye)], apart

    def test_patterns(self):
        with Wye(config=self.config()) as wye:
            for name, path, offsets, expected in PATTERNS:
                with self.subTest(name):
                    # The clock of a busy machine may make nginx differ from itself.
                    for attempt in range(6):
                        (nginx, ours), apart = self.compare((self.nginx.port, wye.port), path, offsets)
                        if spell(nginx) == expected and ours == nginx and apart < 0.06:
                            break
                    print("%s: nginx %s, wye %s, waits %.0f ms apart"
                          % (name, spell(nginx), spell(ours), apart * 1000))
                    self.assertEqual(spell(nginx), expected)
                    self.assertEqual(ours, nginx)
                    self.assertLess(apart, 0.06)


if __name__ == "__main__":
    main()
