#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Messages that are kept until the client has confirmed them, across connections."""

import threading
import unittest

from peers import Runtime, numbers
from wye import SANITIZED, TEST_PLUGINS, main, wait_for

MORE = ', { load = "%s/delivery.so"; as = "delivery"; }' % TEST_PLUGINS
REST = ', { path = "/delivery"; handler = "delivery/do"; }'
ROUTE = 'handler = "delivery/client"; slow_consumer = "refuse"; outbox_bytes = 65536;'


class Delivery(unittest.TestCase):
    def wye(self, **more):
        return Runtime({"/ws": ROUTE, "/other": "handler = \"runtime/peer\";"}, more=MORE, rest=REST,
                       **more)

    def tell(self, wye, order):
        return wye.order(order, "/delivery")

    def expect(self, peer, first, last):
        """All from `first` to `last`, once and in order, and nothing behind."""
        self.assertEqual([int(peer.message().split()[0]) for _ in range(first, last + 1)],
                         list(range(first, last + 1)))
        self.assertEqual(numbers(peer.sync()), [])

    def test_numbers(self):
        """They count from 1; what is not confirmed comes again on the next connection."""
        with self.wye() as wye:
            self.assertEqual(self.tell(wye, "create messages=100 bytes=100000"), "0")
            self.assertEqual(self.tell(wye, "send count=3"), "3 3")  # nothing is attached
            self.assertEqual(self.tell(wye, "attach to=nobody"), "-2")
            a = wye.peer("a")
            self.assertEqual(self.tell(wye, "attach to=a number=0"), "0")
            self.expect(a, 1, 3)
            self.assertEqual(self.tell(wye, "send count=2"), "2 5")
            a.send("send count=2")  # on its loop
            self.expect(a, 4, 7)
            self.assertEqual(self.tell(wye, "waiting"), "7")
            for number, waiting in ((2, 5), (1, 5), (8, 5), (2 ** 40, 5), (5, 2)):
                self.tell(wye, "confirm number=%d" % number)
                self.assertEqual(self.tell(wye, "waiting"), "%d" % waiting)
            a.close()
            wait_for("its end", lambda: self.tell(wye, "attach to=a") == "-2")
            self.assertEqual(self.tell(wye, "send count=3"), "3 10")
            b = wye.peer("b")
            b.send("attach number=6")
            self.expect(b, 7, 10)
            self.assertEqual(self.tell(wye, "waiting"), "4")
            c = wye.peer("c")
            c.send("attach number=7")  # it is told of the new one only
            self.expect(c, 8, 10)
            self.tell(wye, "detach to=b")  # of the one before: nothing changes
            self.assertEqual(self.tell(wye, "send"), "1 11")
            self.expect(c, 11, 11)
            self.assertEqual(numbers(b.sync()), [])
            self.tell(wye, "detach to=c")
            self.assertEqual(self.tell(wye, "send"), "1 12")
            self.assertEqual(numbers(c.sync()), [])
            self.tell(wye, "destroy")

    def test_bounds(self):
        with self.wye() as wye:
            self.tell(wye, "create messages=5 bytes=1000")
            self.assertEqual(self.tell(wye, "send count=7"), "5 -105")
            self.tell(wye, "confirm number=2")  # which nobody was sent
            self.assertEqual(self.tell(wye, "waiting"), "5")
            a = wye.peer("a")
            self.assertEqual(self.tell(wye, "attach to=a"), "0")
            self.expect(a, 1, 5)
            self.tell(wye, "confirm number=2")
            self.assertEqual(self.tell(wye, "send count=3"), "2 -105")
            self.expect(a, 6, 7)
            self.tell(wye, "confirm number=7")
            self.assertEqual(self.tell(wye, "send count=3 size=400"), "2 -105")
            self.assertEqual(self.tell(wye, "send size=2000"), "0 -105")
            self.expect(a, 8, 9)

    def test_refusal(self):
        """What finds no room waits, and goes on in order, also on another connection."""
        with self.wye() as wye:
            self.tell(wye, "create messages=1000 bytes=10000000")
            a = wye.peer("a", window=4096)
            self.assertEqual(self.tell(wye, "attach to=a"), "0")
            self.assertEqual(self.tell(wye, "send count=100 size=4000"), "100 100")
            self.expect(a, 1, 100)
            self.tell(wye, "confirm number=100")
            self.assertEqual(self.tell(wye, "send count=100 size=4000"), "100 200")
            a.sock.settimeout(0.1)  # it is stuck, and stays so
            b = wye.peer("b", window=4096)
            self.assertEqual(self.tell(wye, "attach to=b number=100"), "0")
            self.expect(b, 101, 200)
            self.assertEqual(self.tell(wye, "waiting"), "100")

    def test_large_messages(self):
        """Such as leave no room for a second one."""
        with self.wye() as wye:
            self.tell(wye, "create messages=1000 bytes=10000000")
            a = wye.peer("a", window=4096)
            self.tell(wye, "attach to=a")
            self.assertEqual(self.tell(wye, "send count=40 size=60000"), "40 40")
            self.expect(a, 1, 40)

    def test_threads(self):
        """Eight threads, and the connection's own loop: each message once, in order."""
        each = 50 if SANITIZED else 500
        with self.wye() as wye:
            self.tell(wye, "create messages=1000000 bytes=1000000000")
            a = wye.peer("a")
            a.send("attach")
            sender = threading.Thread(target=self.tell, args=(wye, "storm count=%d" % each))
            sender.start()
            for _ in range(each):
                a.send("send count=2")
            sender.join()
            self.expect(a, 1, 10 * each)

    def test_reconnects(self):
        """While threads send, connections change: what was confirmed does not come again, the
        rest does, and each connection gets a run without a gap."""
        each = 100 if SANITIZED else 1000
        with self.wye() as wye:
            self.tell(wye, "create messages=1000000 bytes=1000000000")
            sender = threading.Thread(target=self.tell, args=(wye, "storm count=%d" % each))
            sender.start()
            confirmed, i = 0, 0
            while confirmed < 8 * each:
                peer = wye.peer("p%d" % i)
                peer.send("attach number=%d" % confirmed)
                for _ in range(min(300, 8 * each - confirmed)):
                    number = int(peer.message().split()[0])
                    self.assertEqual(number, confirmed + 1)
                    confirmed = number
                peer.send("confirm number=%d" % confirmed)
                if i % 2:
                    peer.close()  # else it stays open, and is left
                i += 1
            sender.join()
            self.tell(wye, "confirm number=%d" % confirmed)
            self.assertEqual(self.tell(wye, "waiting"), "0")


if __name__ == "__main__":
    main()
