#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Timers, posted calls and work of connections: each ends exactly once, whatever ends first."""

import json
import threading
import time
import unittest

from peers import Runtime
from wye import SANITIZED, TEST_PLUGINS, close_code, frame, main, wait_for

MORE = ', { load = "%s/tasks.so"; as = "tasks"; }' % TEST_PLUGINS
REST = ', { path = "/post"; handler = "tasks/post"; }, { path = "/counts"; handler = "tasks/counts"; }'


class Tasks(unittest.TestCase):
    def wye(self, settings="", **more):
        return Runtime({"/ws": 'handler = "tasks/tasks"; ' + settings}, more=MORE, rest=REST, **more)

    def counts(self, wye):
        return json.loads(wye.get("/counts").text)

    def tell(self, peer, order):
        peer.send(order)
        return int(peer.message())

    def open(self, wye, what):
        return wye.metrics().get('plugin_%s_open{plugin="tasks"}' % what, 0)

    def wait_counts(self, wye, **expected):
        wait_for("%s" % expected, lambda: expected.items() <= self.counts(wye).items())

    def test_timers(self):
        with self.wye() as wye:
            peer = wye.peer("a")
            self.assertEqual(self.tell(peer, "timer count=50 ms=30"), 50)
            self.assertEqual(self.tell(peer, "stop count=20"), 0)
            self.wait_counts(wye, started=70, run=50, stopped=20, over=0)
            self.assertEqual(self.tell(peer, "chain count=3 ms=1"), 3)
            self.wait_counts(wye, started=103, run=83)
            self.assertEqual(self.tell(peer, "timer count=40 ms=3600000"), 40)
            self.assertEqual(self.open(wye, "timers"), 40)
            begin = time.monotonic()
            self.assertEqual(self.tell(peer, "timer ms=400"), 1)
            wait_for("it", lambda: self.counts(wye)["run"] == 84)
            self.assertGreater(time.monotonic() - begin, 0.35)
            peer.close()
            self.wait_counts(wye, over=40, closes=1)
            self.assertEqual(self.open(wye, "timers"), 0)
            wye.gauges_are_zero()

    def test_posts(self):
        """From its loop and from eight threads; in order; to one that is gone none."""
        with self.wye() as wye:
            peer = wye.peer("a")
            self.assertEqual(self.tell(peer, "post count=200"), 200)
            self.wait_counts(wye, run=200, unordered=0)
            self.assertEqual(wye.order("post to=a count=100", "/post"), "800")
            self.wait_counts(wye, run=1000)
            peer.close()
            self.wait_counts(wye, closes=1)
            self.assertEqual(wye.order("post to=a count=5", "/post"), "0")
            wye.gauges_are_zero()

    def test_work(self):
        """On the pool, which is full at some point; cancelled, or left out, with the connection."""
        with self.wye(top="blocking_queue = 30;") as wye:
            peer = wye.peer("a")
            self.assertEqual(self.tell(peer, "work count=20 ms=5"), 20)
            self.wait_counts(wye, run=20)
            accepted = self.tell(peer, "work count=50 ms=60000")
            self.assertGreaterEqual(accepted, 30)
            self.assertLess(accepted, 50)
            self.assertEqual(self.open(wye, "jobs"), accepted)
            begun = wait_for("work", lambda: wye.metrics()["blocking_running"])
            peer.close()
            self.wait_counts(wye, over=accepted, closes=1)
            self.assertLessEqual(self.counts(wye)["cancelled"], 8)
            self.assertGreaterEqual(begun, 1)
            wye.gauges_are_zero()

    def test_closing(self):
        """While the close handshake lasts timers go on; what is left ends with it, however."""
        with self.wye("close_timeout = 60; ping_interval = 0;") as wye:
            peer = wye.peer("a")
            self.tell(peer, "timer count=5 ms=300")
            self.tell(peer, "timer count=5 ms=3600000")
            peer.sock.sendall(frame(8, b"\x03\xe8"))
            self.assertEqual(close_code(peer.sock), 1000)
            self.wait_counts(wye, over=10, closes=1)
            for i, end in enumerate(("reset", "protocol", "half")):
                one = wye.peer("p%d" % i)
                self.tell(one, "timer count=5 ms=3600000")
                self.tell(one, "work count=2 ms=60000")
                if end == "reset":
                    one.close()
                elif end == "protocol":
                    one.sock.sendall(b"\xff\xff")
                else:
                    one.sock.shutdown(1)
                self.wait_counts(wye, closes=2 + i, over=10 + 7 * (i + 1))
            wye.gauges_are_zero()

    def test_races(self):
        """Posts from eight threads while connections end by timers of theirs, by peers, all at
        once: the plugin counts at its end."""
        rounds = 5 if SANITIZED else 20
        with self.wye("max_lifetime = 0.2; close_timeout = 0.1;") as wye:
            def client(number):
                for i in range(rounds):
                    try:
                        peer = wye.peer("c%d" % number)
                        self.tell(peer, "timer count=10 ms=%d" % (i * 10))
                        self.tell(peer, "work count=3 ms=%d" % (i * 5))
                        self.tell(peer, "post count=10")
                        if i % 3:
                            peer.close()
                    except (OSError, EOFError, AssertionError):
                        pass

            def poster():
                for i in range(4 * rounds):
                    wye.order("post to=c%d count=20" % (i % 4), "/post")

            threads = [threading.Thread(target=client, args=(i,)) for i in range(4)]
            threads += [threading.Thread(target=poster) for _ in range(2)]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
            for peer in wye.peers:
                peer.close()
            wye.gauges_are_zero()
            seen = self.counts(wye)
            self.assertEqual(seen["started"], seen["run"] + seen["over"] + seen["stopped"])

    def test_stop_of_the_program(self):
        """Drained, or cut: nothing is left."""
        for settings, top, status in (("", "", 0), ("close_timeout = 60;", "drain_timeout = 0.1;", 4)):
            with self.subTest(top), self.wye(settings, top=top, expect=status) as wye:
                for i in range(8):
                    peer = wye.peer("p%d" % i)
                    self.tell(peer, "timer count=20 ms=3600000")
                    self.tell(peer, "work count=2 ms=60000")
                closing = threading.Thread(target=lambda: [
                    (close_code(peer.sock), peer.sock.sendall(frame(8, b"\x03\xe9")))
                    for peer in wye.peers] if not status else None)
                closing.start()
                self.assertEqual(wye.stop(), status)
                closing.join()
                last = [line for line in wye.stderr().splitlines() if " debug metrics {" in line][-1]
                metrics = json.loads(last[last.index("{"):])
                self.assertEqual([name for name in metrics if "_open{" in name], [])


if __name__ == "__main__":
    main()
