#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""10,000 WebSocket connections open, echo and close, three times over: nothing stays behind. With WYE_LONG=yes
5,000 of wss, too."""

import os
import resource
import subprocess
import unittest

from certificates import Site
from wye import BUILD, PLUGINS, SANITIZED, Wye, main

CLIENT = os.path.join(BUILD, "tests", "bench", "wsload")

LONG = os.environ.get("WYE_LONG") == "yes"
SECURE = """
listen = ( { address = "127.0.0.1"; port = 0; %s } );
plugin_path = "%s"; plugins = ( { load = "echo"; } );
websocket = { routes = ( { path = "/ws"; handler = "echo"; } ); };
"""


def resident(pid):
    with open("/proc/%d/status" % pid) as text:
        return [int(line.split()[1]) for line in text if line.startswith("VmRSS")][0]


class Many(unittest.TestCase):
    def rounds(self, wye, count, *options):
        """Three times over; what is resident after each round, in KB."""
        after, descriptors = [], set()
        for _ in range(3):
            out = subprocess.run([CLIENT, "round", *options, "-c", str(count), "127.0.0.1:%d/ws" % wye.port],
                                 capture_output=True, text=True, timeout=120)
            self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
            wye.wait_metric("ws_connections_open", 0)
            wye.wait_metric("http_connections_open", 0)
            metrics = wye.metrics()  # this trims the heap, too
            after.append(resident(wye.process.pid))
            descriptors.add(wye.descriptors())
            self.assertEqual(metrics["rest_requests_waiting"], 0)
        self.assertEqual(len(descriptors), 1, descriptors)
        print("%d connections, resident after each round: %d, %d and %d KB" % (count, *after))
        self.assertEqual(metrics["ws_connections_opened_total"], 3 * count)
        self.assertEqual(metrics["ws_closed_peer_total"], 3 * count)
        if not SANITIZED:  # the allocator takes a MB or two more in some round, and then no more
            self.assertLess(after[2], max(after[:2]) + 2048)
        return metrics

    def test_again_and_again(self):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        with Wye(route="ping_interval = 0; close_timeout = 30;") as wye:
            start = wye.descriptors()
            self.rounds(wye, 500 if SANITIZED else min(10000, limit - 500))
            self.assertEqual(wye.descriptors(), start)

    def test_secure(self):
        """All of them over TLS; WYE_LONG: 5,000."""
        site = Site()
        count = 5000 if LONG else 50 if SANITIZED else 300
        with Wye(config=SECURE % (site.listen, PLUGINS)) as wye:
            metrics = self.rounds(wye, count, "-T")
            wye.wait_metric("tls_connections_open", 0)
            self.assertEqual(metrics["tls_handshakes_total"], 3 * count)


if __name__ == "__main__":
    main()
