#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Connections whose handshake is accepted, and which can't be opened all the same."""

import os
import unittest

from peers import Runtime
from wye import TEST_PLUGINS, main, read_head, upgrade


def preload():
    os.environ["LD_PRELOAD"] = os.path.join(TEST_PLUGINS, "no_adopt.so")
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"


class Unlucky(unittest.TestCase):
    def test_no_room_in_the_engine(self):
        """The client sees the end, the others notice nothing, and nothing is left over."""
        settings = "max_frames_per_second = 1000; max_bytes_per_second = 1000000;"
        with Runtime({"/ws": settings}, loops=1, before=preload) as wye:
            opened, before = 0, wye.descriptors()
            for i in range(40):
                sock = wye.socket()
                sock.sendall(upgrade("/ws?name=p%d&user=u" % i))
                head = read_head(sock)
                if head:
                    self.assertTrue(head.startswith("HTTP/1.1 101 "), head)
                    opened += 1
                sock.close()
            self.assertEqual(opened, 20)
            wye.gauges_are_zero()
            self.assertEqual(wye.metrics()["ws_connections_opened_total"], 20)
            wye.wait_metric("http_connections_open", 0)
            self.assertEqual(wye.descriptors(), before)


if __name__ == "__main__":
    main()
