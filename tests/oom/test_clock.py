#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The clock of the day jumps: dates and tokens follow it, nothing else does."""

import mmap
import os
import re
import struct
import tempfile
import time
import unittest

import failing  # noqa: F401 - makes those below importable
from operations import Socket, connect
from tokens import SECRET, hs
from wye import BUILD, PLUGINS, TEST_PLUGINS, Wye, frame, main, wait_for

PRELOAD = os.path.join(BUILD, "tests", "oom", ".libs", "jump.so")
HOUR = 3600
CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; }} );
plugin_path = "{plugins}"; http_threads = 1; stream_loops = 1; log_level = "debug";
ticket_timeout = 3;
plugins = ( {{ load = "greeter"; }}, {{ load = "echo"; }}, {{ load = "clock"; }},
            {{ load = "{tests}/probe.so"; as = "probe"; }},
            {{ load = "{tests}/workers.so"; as = "one"; }} );
middleware = ( {{ use = "access-log"; file = "{folder}/access.log"; }},
               {{ use = "jwt"; secret = "{secret}"; }}, {{ use = "token"; secret = "{secret}"; }} );
rest = {{ chain = [ "access-log" ]; routes = (
  {{ path = "/token"; chain = [ "jwt" ]; handler = "greeter"; }},
  {{ path = "/late"; handler = "probe/late"; delay = 50; }},
  {{ path = "/silent"; handler = "probe/silent"; }},
  {{ path = "/clock"; handler = "clock"; every = 0.05; }},
  {{ path = "/spin/:what"; handler = "one/spin"; }} ); }};
websocket = {{ chain = [ "token" ]; routes = (
  {{ path = "/ws"; handler = "echo"; ping_interval = 0.2; pong_timeout = 5; }} ); }};
"""


class Clock(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.file = self.enterContext(tempfile.NamedTemporaryFile())
        self.file.write(bytes(8))
        self.file.flush()
        self.map = self.enterContext(mmap.mmap(self.file.fileno(), 8))

    def jump(self, seconds):
        self.map[:] = struct.pack("=q", seconds)

    def preload(self):
        os.environ.update({
            "LD_PRELOAD": PRELOAD, "WYE_JUMP_CONTROL": self.file.name,
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})

    def wye(self):
        return Wye(before=self.preload, config=CONFIG.format(
            plugins=PLUGINS, tests=TEST_PLUGINS, folder=self.folder, secret=SECRET))

    def test_tokens_and_dates_follow(self):
        bearer = {"Authorization": "Bearer " + hs({"exp": int(time.time()) + 100})}
        with self.wye() as wye:
            for seconds, status in ((0, 200), (HOUR, 401), (-HOUR, 200), (0, 200)):
                self.jump(seconds)
                # The kernel's coarse clock, and a date that is made once a second.
                wait_for(status, lambda: wye.get("/token", headers=bearer).status == status)
            self.jump(-24 * HOUR)
            wye.get("/late")
            day = time.strftime("%d/%b/%Y", time.gmtime(time.time() - 24 * HOUR))
            log = os.path.join(self.folder, "access.log")

            def lines():
                with open(log) as text:
                    return text.read()
            wait_for("a line of yesterday", lambda: re.search(day + r".*/late", lines()))

    def test_nothing_else_does(self):
        """Deadlines, tickets, heartbeats and events go on as if nothing was."""
        token = hs({"exp": int(time.time()) + 1000})
        with self.wye() as wye, connect(wye) as events, \
                Socket(wye, "/ws", "Authorization: Bearer %s\r\n" % token) as one:
            events.sendall(b"GET /clock HTTP/1.1\r\nHost: a\r\n\r\n")
            for seconds in (HOUR, -HOUR, 0):
                self.jump(seconds)
                start = time.monotonic()
                self.assertEqual(wye.get("/late").status, 200)
                self.assertEqual(wye.get("/silent").status, 503)  # at the ticket's timeout
                self.assertLess(time.monotonic() - start, 60)
                seen = 0
                while seen < 5:
                    piece = events.recv(4096)
                    self.assertTrue(piece, "the stream ended")
                    seen += piece.count(b"\n\n")
                one.say(frame(1, b"still there"))
                self.assertEqual(one.hear(), b"still there")

    def test_the_watchdog_stays_awake(self):
        """It sleeps by a clock that doesn't jump."""
        with self.wye() as wye:
            self.jump(HOUR)
            time.sleep(0.3)  # several of its naps begin in that time
            self.jump(0)
            wye.get("/spin/1")
            wait_for("a warning", lambda: "holds http-" in wye.stderr())


if __name__ == "__main__":
    main()
