#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What was sent and is not acknowledged: fences, the heartbeat, handlers that confirm."""

import re
import time
import unittest

from peers import Runtime, control, fill, numbers
from wye import main, wait_for

FENCE = ("fence = true; fence_interval = 0.1; ping_interval = 0; "
         'slow_consumer = "refuse"; outbox_bytes = 65536; ')


def pings(frames):
    return [payload for opcode, payload in frames if opcode == 9]


class Fences(unittest.TestCase):
    def backlog(self, wye, name, path="/ws"):
        """Messages unacknowledged, by the connection; the gauges say the same."""
        seen = wye.describe(name)

        def is_shown():  # by the end of the loop's turn
            metrics = wye.metrics()
            for what, expected in (("messages", "unacked"), ("bytes", "bytes_unacked")):
                routes = {name: value for name, value in metrics.items()
                          if name.startswith("ws_route_backlog_" + what)}
                own = 'ws_route_backlog_%s{route="%s"}' % (what, path)
                if (routes.get(own, 0) != seen[expected]
                        or metrics["ws_backlog_" + what] != sum(routes.values())):
                    return False
            return True

        wait_for("the gauges to say %s" % seen, is_shown)
        return seen["unacked"]

    def fence(self, peer):
        """The next fence; it stands behind messages."""
        frames = peer.read_until(lambda opcode, payload: opcode == 9)
        return numbers(frames), frames[-1][1]

    def test_exactly(self):
        """A pong acknowledges what stood before its fence, and nothing behind it."""
        with Runtime({"/ws": FENCE, "/at-once": "ping_interval = 0;"}, loops=1) as wye:
            peer, at_once = wye.peer("a"), wye.peer("b", "/at-once")  # in one turn
            self.assertEqual(self.backlog(wye, "a"), 0)
            at_once.order("send to=a count=3 size=10")
            got, first = self.fence(peer)
            self.assertEqual(got, [0, 1, 2])
            self.assertEqual(self.backlog(wye, "a"), 3)
            self.assertEqual(wye.describe("a")["bytes_unacked"], 30)
            at_once.order("send to=a count=4 from=3 size=10")
            self.assertEqual([int(peer.message().split()[0]) for _ in range(4)], [3, 4, 5, 6])
            time.sleep(0.3)
            self.assertEqual(control(peer.sync()), [])  # one is out: no second one
            self.assertEqual(self.backlog(wye, "a"), 7)
            peer.pong(first)
            got, second = self.fence(peer)
            self.assertEqual(got, [])
            self.assertEqual(self.backlog(wye, "a"), 4)
            peer.pong(second)
            peer.sync()
            self.assertEqual(self.backlog(wye, "a"), 0)
            time.sleep(0.3)
            self.assertEqual(control(peer.sync()), [])  # nothing to acknowledge: no fence

    def test_pongs_that_are_none(self):
        """Wrong, unasked, repeated, guessed ones count for nothing."""
        with Runtime({"/ws": FENCE, "/at-once": "ping_interval = 0;"}, loops=1) as wye:
            peer, at_once = wye.peer("a"), wye.peer("b", "/at-once")  # in one turn
            for guess in (b"1", b"2", b"0", b""):
                peer.pong(guess)
            at_once.order("send to=a count=3 size=10")
            got, number = self.fence(peer)
            for wrong in (b"", b"0", b"x", number + b"0", b"0" + number, number + b" ", b"-1",
                          b"4294967297", b"99999999999", b"1" * 125, b"%d" % (int(number) + 1)):
                peer.pong(wrong)
            peer.sync()
            self.assertEqual(self.backlog(wye, "a"), 3)
            peer.pong(number)
            peer.sync()
            self.assertEqual(self.backlog(wye, "a"), 0)
            at_once.order("send to=a count=2 size=10")
            got, second = self.fence(peer)
            peer.pong(number)
            peer.sync()
            self.assertEqual(self.backlog(wye, "a"), 2)
            self.assertNotEqual(number, second)
            peer.close()
            at_once.close()
            wye.gauges_are_zero()

    def test_guessed_ahead(self):
        """A pong of a fence that is still in the outbox acknowledges nothing, and what is dropped
        in front of it is waited for by nobody."""
        with Runtime({"/ws": FENCE.replace("refuse", "drop-oldest")}) as wye:
            peer = wye.peer("a", window=4096)
            sent = fill(wye, "a")
            for number in range(1, 20):
                peer.pong(b"%d" % number)
            before = self.backlog(wye, "a")
            for i in range(20):
                wye.send("send to=a count=10 from=%d size=4096" % (sent + 10 * i))
                self.assertGreaterEqual(self.backlog(wye, "a"), wye.describe("a")["waiting"])
            seen = wye.describe("a")
            self.assertGreater(seen["dropped"], 0)
            # the first fence may have left with the first messages: to guess that one is right
            self.assertIn(sent + 200 - seen["unacked"] - seen["dropped"], range(10))
            self.assertGreaterEqual(before, 1)
            got = []
            while len(got) < sent + 200 - seen["dropped"]:
                opcode, payload = peer.next()
                if opcode == 9:
                    peer.pong(payload)
                else:
                    got.append(int(payload.split()[0]))
            self.assertEqual(got, sorted(set(got)))
            for payload in pings(peer.sync()):
                peer.pong(payload)

            def all_acknowledged():
                for payload in pings(peer.sync()):
                    peer.pong(payload)
                return self.backlog(wye, "a") == 0

            wait_for("all to be acknowledged", all_acknowledged)
            peer.close()
            wye.gauges_are_zero()

    def test_interval(self):
        """At most one per fence_interval, however quickly it is answered."""
        with Runtime({"/ws": FENCE}) as wye:
            peer = wye.peer("a")
            begin, fences = time.monotonic(), 0
            for i in range(300):
                wye.send("send to=a from=%d" % i)
                for payload in pings(peer.read_until(lambda opcode, payload: opcode == 1)):
                    peer.pong(payload)
                    fences += 1
            spent = time.monotonic() - begin
            # one that was late keeps the rhythm, one for a single message comes an eighth sooner
            self.assertLessEqual(fences, spent / 0.0875 + 2)
            self.assertGreaterEqual(fences, 1)

    def test_stuck(self):
        """A fence does not overtake; the backlog counts what waits, and what was written before."""
        with Runtime({"/ws": FENCE}) as wye:
            peer = wye.peer("a", window=4096)
            sent = fill(wye, "a")
            self.assertEqual(self.backlog(wye, "a"), sent)
            sent += wye.send("send to=a count=30 size=4096 from=%d until=-11" % sent).queued
            self.assertEqual(self.backlog(wye, "a"), sent)
            acknowledged = 0
            while acknowledged < sent:
                got, number = self.fence(peer)
                acknowledged += len(got)
                peer.pong(number)
                wait_for("it to be counted",
                         lambda: wye.describe("a")["unacked"] == sent - acknowledged)
                self.assertEqual(self.backlog(wye, "a"), sent - acknowledged)

    def test_latency(self):
        """Each acknowledged message is counted once, by how long it took."""
        with Runtime({"/ws": FENCE}) as wye:
            peer = wye.peer("a")
            wye.send("send to=a count=5 size=10")
            got, number = self.fence(peer)
            time.sleep(0.3)
            wye.send("send to=a count=2 from=5 size=10")
            peer.pong(number)
            got, number = self.fence(peer)
            peer.pong(number)
            peer.sync()
            metrics = wye.metrics()
            buckets = {name: value for name, value in metrics.items()
                       if name.startswith('ws_route_delivery_ms{route="/ws"')}
            self.assertEqual(buckets['ws_route_delivery_ms{route="/ws",of="count"}'], 7)
            self.assertEqual(sum(value for name, value in buckets.items() if "upto" in name), 7)
            slow = sum(value for name, value in buckets.items()
                       if re.search(r'upto="(500|1000|2500|5000)"', name))
            self.assertGreaterEqual(slow, 5)
            self.assertGreaterEqual(buckets['ws_route_delivery_ms{route="/ws",of="sum"}'], 1250)
            self.assertEqual(metrics['ws_delivery_ms{routes="all",of="count"}'], 7)

    def test_however_it_ends(self):
        """Then nothing of it is waited for."""
        with Runtime({"/ws": FENCE + "close_timeout = 0.1; write_timeout = 0.3;"}) as wye:
            for i, end in enumerate(("reset", "handler", "stall", "protocol", "leave")):
                name = "p%d" % i
                peer = wye.peer(name, window=4096)
                fill(wye, name)
                self.assertGreater(wye.metrics()["ws_backlog_messages"], 0)
                if end == "reset":
                    peer.close()
                elif end == "handler":
                    wye.order("close to=" + name)
                elif end == "protocol":
                    peer.sock.sendall(b"\xff\xff")
                elif end == "leave":
                    peer.sock.sendall(b"\x88\x82\0\0\0\0\x03\xe8")
                wye.wait_close(name)
                wye.gauges_are_zero()


class Heartbeat(unittest.TestCase):
    def test_without_fences(self):
        """On each route its pong acknowledges what stood before its ping."""
        with Runtime({"/ws": "ping_interval = 0.4; pong_timeout = 60;"}) as wye:
            peer = wye.peer("a")
            wye.send("send to=a count=3 size=10")
            frames = peer.read_until(lambda opcode, payload: opcode == 9)
            if len(numbers(frames)) < 3:  # it was quicker
                peer.pong(frames[-1][1])
                frames = peer.read_until(lambda opcode, payload: opcode == 9)
            wye.send("send to=a from=3 size=10")
            self.assertEqual(wye.describe("a")["unacked"], 4)
            peer.pong(frames[-1][1])
            peer.sync()
            self.assertEqual(wye.describe("a")["unacked"], 1)
            self.assertNotIn('ws_route_delivery_ms{route="/ws",of="count"}', wye.metrics())

    def test_overtaking(self):
        """One that overtakes what waits acknowledges what was written, and no more; the pong of a
        fence that was written before it does not stand for it."""
        settings = FENCE.replace("ping_interval = 0;", "ping_interval = 0.5; pong_timeout = 60;")
        with Runtime({"/ws": settings + "read_deadline = 0;"}) as wye:
            peer = wye.peer("a", window=4096)
            wye.send("send to=a size=10")
            sent = 1 + fill(wye, "a")
            time.sleep(0.7)
            read = 0
            while read < sent:
                opcode, payload = peer.next()
                if opcode == 1:
                    read += 1
                elif opcode == 9:
                    peer.pong(payload)
                    wye.describe("a")
                    self.assertGreaterEqual(wye.describe("a")["unacked"], sent - read)

            def all_acknowledged():
                for payload in pings(peer.sync()):
                    peer.pong(payload)
                return wye.describe("a")["unacked"] == 0

            wait_for("all to be acknowledged", all_acknowledged)


class Handlers(unittest.TestCase):
    def test_confirmed_by_the_handler(self):
        """Its word counts instead of pongs, up to what was sent; without the flag: -EPERM."""
        routes = {"/ws": 'handler = "runtime/acks"; ping_interval = 0.2; pong_timeout = 60;',
                  "/plain": ""}
        with Runtime(routes) as wye:
            plain, peer = wye.peer("plain", "/plain"), wye.peer("a")
            self.assertEqual(wye.order("acked to=plain number=1"), "-1")
            self.assertEqual(wye.order("acked to=nobody number=1"), "-2")
            wye.send("send to=a count=10 size=10")
            for payload in pings(peer.read_until(lambda opcode, payload: opcode == 9)):
                peer.pong(payload)
            peer.frames = [one for one in peer.sync() if one[0] == 1] + peer.frames
            self.assertEqual(wye.describe("a")["unacked"], 10)
            for number, unacked in ((4, 6), (2, 6), (11, 6), (2 ** 40, 6), (9, 1), (10, 0)):
                self.assertEqual(wye.order("acked to=a number=%d" % number), "0")
                self.assertEqual(wye.describe("a")["unacked"], unacked, number)
            self.assertEqual(wye.metrics()['ws_route_delivery_ms{route="/ws",of="count"}'], 10)
            self.assertEqual(peer.order("acked number=11"), "0")  # on its loop: its own answer is 11
            self.assertEqual(wye.describe("a")["queued"], 11)
            plain.close()
            peer.close()
            wye.gauges_are_zero()

    def test_bytes(self):
        """Within what was queued together bytes are in proportion, and right at its ends."""
        with Runtime({"/ws": 'handler = "runtime/acks"; ping_interval = 0;'}) as wye:
            peer = wye.peer("a")
            wye.send("send to=a count=10 size=100")
            for _ in range(10):
                peer.message()
            time.sleep(0.05)
            wye.send("send to=a count=1 size=5000 from=10")
            peer.message()
            self.assertEqual(wye.describe("a")["bytes_unacked"], 6000)
            wye.order("acked to=a number=10")
            self.assertEqual(wye.describe("a")["bytes_unacked"], 5000)
            wye.order("acked to=a number=11")
            self.assertEqual(wye.describe("a")["bytes_unacked"], 0)


if __name__ == "__main__":
    main()
