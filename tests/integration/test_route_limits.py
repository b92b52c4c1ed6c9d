#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a WebSocket route allows: frames and bytes per second, idleness, a lifetime, a message."""

import threading
import time
import unittest

from peers import Runtime
from wye import SANITIZED, close_code, frame, main

SLACK = 4 if SANITIZED else 1.5


class Rate(unittest.TestCase):
    def push(self, wye, peer, data, answers):
        """Sends all at once; returns how long it took until all came back."""
        begin = time.monotonic()
        writer = threading.Thread(target=peer.sock.sendall, args=(data,))
        writer.start()
        got = [peer.message() for _ in range(answers)]
        writer.join()
        return time.monotonic() - begin, got

    def test_frames(self):
        """A second's worth at once, then so many per second; nothing is lost. Control frames and
        fragments count as well."""
        with Runtime({"/ws": "max_frames_per_second = 200; rate_patience = 60;"}) as wye:
            peer = wye.peer("a")
            spent, got = self.push(wye, peer, b"".join(frame(1, b"%d" % i) for i in range(500)), 500)
            self.assertEqual(got, [b"%d" % i for i in range(500)])
            self.assertGreater(spent, 1.4)
            self.assertLess(spent, 1.5 + SLACK)
            self.assertGreater(wye.metrics()["ws_reads_throttled_total"], 1)
            peer = wye.peer("b")
            data = frame(9) * 200 + frame(1, b"x", fin=False) + frame(0, b"y", fin=False) * 98
            spent, got = self.push(wye, peer, data + frame(0, b"z"), 1)
            self.assertEqual(got, [b"x" + 98 * b"y" + b"z"])
            peer.send("next")
            begin = time.monotonic()
            self.assertEqual(peer.message(), b"next")
            self.assertGreater(time.monotonic() - begin + spent, 0.4)

    def test_bytes(self):
        with Runtime({"/ws": "max_bytes_per_second = 400000; rate_patience = 60;"}) as wye:
            peer = wye.peer("a")
            data = b"".join(frame(1, b"%06d" % i + 9990 * b".") for i in range(100))
            spent, got = self.push(wye, peer, data, 100)
            self.assertEqual([int(one[:6]) for one in got], list(range(100)))
            self.assertGreater(spent, 1.3)
            self.assertLess(spent, 1.5 + SLACK)

    def test_below_the_rate(self):
        """Who stays below is not slowed down."""
        with Runtime({"/ws": "max_frames_per_second = 1000; max_bytes_per_second = 1000000;"
                      "rate_patience = 0;"}) as wye:
            peer = wye.peer("a")
            for i in range(200):
                peer.send("%d" % i)
                self.assertEqual(peer.message(), b"%d" % i)
            self.assertEqual(wye.metrics()["ws_reads_throttled_total"], 0)

    def test_patience(self):
        """Who goes on for rate_patience gets 1008; who does not is forgiven."""
        for what, settings, payload in (
                ("frames", "max_frames_per_second = 50;", b"x"),
                ("bytes", "max_bytes_per_second = 20000;", b"y" * 4000)):
            with self.subTest(what), Runtime({"/ws": settings + "rate_patience = 0.5;"}) as wye:
                peer = wye.peer("a")
                stop = threading.Event()

                def push():
                    try:
                        while not stop.is_set():
                            peer.sock.sendall(frame(1, payload) * 20)
                    except OSError:
                        pass

                begin = time.monotonic()
                writer = threading.Thread(target=push)
                writer.start()
                frames = peer.read_until(lambda opcode, payload: opcode == 8)
                spent = time.monotonic() - begin
                stop.set()
                writer.join()
                self.assertGreater(spent, 0.4)
                self.assertLess(spent, 2 + SLACK)
                self.assertEqual(int.from_bytes(frames[-1][1][:2], "big"), 1008)
                peer.torn_allowed = True
                peer.close()
                self.assertEqual(wye.wait_close("a")[:2], ("rate", 1008))
                self.assertEqual(wye.metrics()["ws_closed_rate_total"], 1)

    def test_paused_by_both(self):
        """The handler's own pause outlives that of the rate, and the other way round."""
        with Runtime({"/ws": "max_frames_per_second = 20; rate_patience = 60;"}) as wye:
            peer = wye.peer("a")
            peer.sock.sendall(b"".join(frame(1, b"%d" % i) for i in range(30)))
            self.assertEqual(peer.message(), b"0")
            self.assertEqual(wye.order("pause to=a"), "0")
            wye.describe("a")
            before = wye.describe("a")["in"]
            time.sleep(0.7)  # the rate would let some in
            self.assertEqual(wye.describe("a")["in"], before)
            self.assertEqual(wye.order("resume to=a"), "0")
            self.assertEqual([peer.message() for _ in range(29)], [b"%d" % i for i in range(1, 30)])


class Times(unittest.TestCase):
    def ended(self, wye, peer, code, cause, begin, least, most):
        self.assertEqual(close_code(peer.sock), code)
        spent = time.monotonic() - begin
        peer.sock.sendall(frame(8, code.to_bytes(2, "big")))
        self.assertEqual(wye.wait_close(peer.name)[:2], (cause, code))
        self.assertGreater(spent, least)
        self.assertLess(spent, most)

    def test_idle(self):
        """No message either way: 1001; control frames don't count, messages of both kinds do."""
        with Runtime({"/ws": "idle_timeout = 0.5; ping_interval = 0;"}) as wye:
            pinging, told = wye.peer("pinging"), wye.peer("told")
            begin = time.monotonic()
            for _ in range(8):
                pinging.pong(b"")
                wye.send("send to=told")
                told.message()
                time.sleep(0.1)
            self.ended(wye, pinging, 1001, "idle", begin, 0, 60)
            begin = time.monotonic()
            self.ended(wye, told, 1001, "idle", begin, 0.2, 0.6 + SLACK)

    def test_idle_page(self):
        """A page that only asks whether the connection is there does not use it."""
        ping = 'app_ping = { request = "ping?"; reply = "pong!"; };'
        with Runtime({"/ws": "idle_timeout = 1; ping_interval = 0; " + ping}) as wye:
            peer = wye.peer("a")
            begin = time.monotonic()
            peer.send("ping?")
            while (got := peer.next()) == (1, b"pong!"):
                time.sleep(0.1)
                peer.send("ping?")
            self.assertEqual((got[0], int.from_bytes(got[1][:2], "big")), (8, 1001))
            self.assertLess(time.monotonic() - begin, 60)
            peer.sock.sendall(frame(8, got[1][:2]))
            self.assertEqual(wye.wait_close("a")[0], "idle")

    def test_lifetime(self):
        """1012 when it is over, whatever goes on; the jitter takes some of it off."""
        with Runtime({"/exact": "max_lifetime = 0.6; lifetime_jitter = 0;",
                      "/some": "max_lifetime = 1.5; lifetime_jitter = 1.0;"}) as wye:
            begin = time.monotonic()
            peer = wye.peer("a", "/exact")
            peer.send("x")
            self.assertEqual(peer.message(), b"x")
            self.ended(wye, peer, 1012, "lifetime", begin, 0.55, 0.7 + SLACK)
            peers, times = [wye.peer("p%d" % i, "/some") for i in range(60)], []
            begin = time.monotonic()

            def wait(peer):
                self.assertEqual(close_code(peer.sock), 1012)
                times.append(time.monotonic() - begin)
                peer.close()

            threads = [threading.Thread(target=wait, args=(peer,)) for peer in peers]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
            self.assertEqual(len(times), 60)
            self.assertGreater(max(times) - min(times), 0.5)

    def test_message(self):
        """Exactly max_message is a message; a byte more is 1009, in however many frames."""
        with Runtime({"/ws": "max_message = 1000;"}) as wye:
            peer = wye.peer("a")
            peer.send("x" * 1000)
            self.assertEqual(peer.message(), b"x" * 1000)
            peer.send("x" * 1001)
            self.assertEqual(close_code(peer.sock), 1009)
            self.assertEqual(wye.wait_close("a")[:2], ("limit", 1009))
            peer = wye.peer("b")
            peer.sock.sendall(frame(1, b"x" * 600, fin=False) + frame(0, b"x" * 401))
            self.assertEqual(close_code(peer.sock), 1009)
            self.assertEqual(wye.wait_close("b")[:2], ("limit", 1009))


if __name__ == "__main__":
    main()
