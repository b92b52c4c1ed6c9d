#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Stuck, slow and silent peers: each ends by its own limit, and good ones lose nothing."""

import collections
import os
import socket
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "long"))

from long import Crowd, Daemon, herald, route  # noqa: E402
from wye import main, wait_for  # noqa: E402

GOOD, EACH = 20, 3
ROUTES = [
    route("/good", "news/member"),
    # Reads nothing: its buffer fills soon, and then it takes nothing.
    route("/stuck", "news/member", "write_timeout = 1;"),
    # Reads, but far less than it is sent.
    route("/slow", "torrent/member", "outbox_bytes = 65536; close_timeout = 0.5;"),
    # Is sent nothing but pings, which it does not answer.
    route("/silent", "nothing/member", "ping_interval = 0.4; pong_timeout = 0.4;"),
]
CAUSES = {"/stuck": "write-stall", "/slow": "slow-consumer", "/silent": "silent"}


def read_slowly(sock, stop):
    try:
        while not stop.wait(0.1) and sock.recv(1024):
            pass
    except OSError:
        pass


class BadPeers(unittest.TestCase):
    def open_bad(self, wye):
        for path in CAUSES:
            for _ in range(EACH):
                sock = socket.socket()
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                sock.connect(("127.0.0.1", wye.port))
                yield path, wye.websocket(path, sock=sock)

    def test_among_good_ones(self):
        heralds = [herald("news", group="news", rate=50, size=1024),
                   herald("torrent", group="torrent", rate=200, size=32768),
                   herald("nothing", group="nothing", rate=0.01)]
        stop = threading.Event()
        with Daemon(heralds, ROUTES) as wye:
            before = wye.descriptors()
            with Crowd("127.0.0.1:%d/good" % wye.port, GOOD) as good:
                bad = list(self.open_bad(wye))
                readers = [threading.Thread(target=read_slowly, args=(sock, stop))
                           for path, sock in bad if path == "/slow"]
                for one in readers:
                    one.start()
                wait_for("the end of all bad ones", lambda: len(wye.endings()) == len(bad))
                stop.set()
                for one in readers:
                    one.join()
                for _, sock in bad:
                    sock.close()
                found = collections.Counter((one["route"], one["cause"]) for one in wye.endings())
                self.assertEqual(found, {(path, cause): EACH for path, cause in CAUSES.items()})
                self.check_good(good)
            wye.wait_metric("ws_connections_open", 0)
            last = wye.metrics()
            for gauge in ("ws_backlog_messages", "ws_backlog_bytes", "outbox_bytes_waiting",
                          "ws_groups", "ws_group_members"):
                self.assertEqual(last[gauge], 0, gauge)
            wait_for("descriptors", lambda: wye.descriptors() == before)

    def check_good(self, good):
        """They are all there, still receive, and have missed nothing."""
        seen = good.say("report")["messages"]
        wait_for("more messages", lambda: good.say("report")["messages"] >= seen + 10 * GOOD)
        last = good.say("report")
        self.assertEqual((last["open"], last["gaps"]), (GOOD, 0))


if __name__ == "__main__":
    main()
