#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Who is still there: pings, pongs, silence, and what counts as a sign of life."""

import threading
import time
import unittest

from peers import Crowd, Runtime, fill
from wye import SANITIZED, frame, main, wait_for

SLACK = 3 if SANITIZED else 1  # seconds that a loaded machine may be late


def answer_pings(peer, seconds):
    """Answers each for so long; returns when they came."""
    end, times = time.monotonic() + seconds, []
    while time.monotonic() < end:
        peer.sock.settimeout(max(0.001, end - time.monotonic()))
        try:
            one = peer.next()
        except TimeoutError:
            break
        if one is None:
            break
        if one[0] == 9:
            times.append(time.monotonic())
            peer.pong(one[1])
    peer.sock.settimeout(60)
    return times


class Silence(unittest.TestCase):
    def test_silent_peer_is_gone(self):
        """After ping_interval + pong_timeout at the latest, without a close frame; beside it one
        of a route without a heartbeat stays, and so does one that answers."""
        routes = {"/ws": "ping_interval = 0.3; pong_timeout = 0.3;",
                  "/off": "ping_interval = 0; read_deadline = 0;"}
        with Runtime(routes) as wye:
            off, alive = wye.peer("off", "/off"), wye.peer("alive")
            answering = threading.Thread(target=answer_pings, args=(alive, 2))
            answering.start()
            begin = time.monotonic()
            silent = wye.peer("silent")
            frames = silent.read_rest()
            spent = time.monotonic() - begin
            self.assertGreater(spent, 0.3)
            self.assertLess(spent, 0.6 + SLACK)
            self.assertEqual([opcode for opcode, payload in frames], [9])
            self.assertEqual(wye.wait_close("silent"), ("silent", 1006, 0))
            self.assertEqual(wye.metrics()["ws_closed_silent_total"], 1)
            answering.join()
            self.assertEqual(off.order("count group=g"), "0")
            self.assertEqual(off.frames, [])
            self.assertEqual(alive.order("count group=g"), "0")
            self.assertEqual(set(wye.closes()), {"silent"})

    def test_messages_are_no_excuse(self):
        """A stopped program whose system still takes what it is sent is as silent."""
        with Runtime({"/ws": "ping_interval = 0.3; pong_timeout = 0.5;"}) as wye:
            silent = wye.peer("silent")
            begin = time.monotonic()
            while not wye.closes() and time.monotonic() < begin + 10:
                wye.send("send to=silent size=100")
                time.sleep(0.02)
            self.assertLess(time.monotonic() - begin, 0.8 + SLACK)
            self.assertEqual(wye.wait_close("silent")[0], "silent")
            silent.torn_allowed = True

    def test_any_frame_moves_read_deadline(self):
        with Runtime({"/ws": "ping_interval = 0; read_deadline = 0.6;"}) as wye:
            chatty = {opcode: wye.peer("p%d" % opcode) for opcode in (1, 9, 10)}
            silent = wye.peer("silent")
            begin = time.monotonic()
            while time.monotonic() < begin + 1.5:
                for opcode, peer in chatty.items():
                    peer.sock.sendall(frame(opcode, b"7"))
                time.sleep(0.05)
            self.assertEqual(wye.wait_close("silent"), ("silent", 1006, 0))
            self.assertEqual(silent.read_rest(), [])
            for peer in chatty.values():
                self.assertEqual(peer.order("count group=g"), "0")
            for peer in chatty.values():  # and then nothing: gone, too
                peer.read_rest()
                self.assertEqual(wye.wait_close(peer.name)[0], "silent")
            wye.gauges_are_zero()

    def test_paused(self):
        """Who is not read can't be heard: it is not taken for silent, and not after it either."""
        with Runtime({"/ws": "ping_interval = 0.2; pong_timeout = 0.2; read_deadline = 0.4;"}) as wye:
            peer = wye.peer("a")
            self.assertEqual(wye.order("pause to=a"), "0")
            wye.describe("a")
            times = answer_pings(peer, 1.5)
            self.assertGreaterEqual(len(times), 1)
            self.assertEqual(wye.order("resume to=a"), "0")
            times = answer_pings(peer, 1)
            self.assertGreaterEqual(len(times), 2)
            self.assertEqual(wye.closes(), {})

    def test_slow_reader_is_excused(self):
        """A pong is late behind what the peer still takes, however seldom write_timeout looks."""
        with Runtime({"/ws": "ping_interval = 0.2; pong_timeout = 0.3; read_deadline = 0; "
                      "write_timeout = 60;"}) as wye:
            peer = wye.peer("a", window=4096)
            sent = fill(wye, "a", size=16000)
            sent += wye.send("send to=a count=50 size=16000 from=%d" % sent).queued
            begin, seen = time.monotonic(), []
            while len(seen) < sent:
                peer.read(8000)
                for opcode, payload in peer.frames:
                    if opcode == 9:
                        peer.pong(payload)
                    else:
                        seen.append(int(payload.split()[0]))
                peer.frames = []
                time.sleep(0.02)  # a slow one
            self.assertGreater(time.monotonic() - begin, 0.6)
            self.assertEqual(seen, list(range(sent)))
            self.assertEqual(wye.closes(), {})

    def test_write_timeout(self):
        """A peer that answers pings but takes nothing big is dropped by write_timeout."""
        with Runtime({"/ws": "ping_interval = 0.2; pong_timeout = 0; read_deadline = 5; "
                      "write_timeout = 1;"}) as wye:
            peer = wye.peer("a", window=4096)
            fill(wye, "a", size=16000)
            while not wye.closes():
                try:
                    peer.pong(b"1")
                except ConnectionError:
                    break
                time.sleep(0.05)
            self.assertEqual(wye.wait_close("a")[:2], ("write_stall", 1006))
            peer.torn_allowed = True
            wye.gauges_are_zero()


class Pings(unittest.TestCase):
    def ping_times(self, count, interval):
        """When each of so many got its first ping, in seconds since the last was opened; and how
        long it took to open them."""
        with Runtime({"/ws": "ping_interval = %d; pong_timeout = 60;" % interval},
                     top="max_connections_per_address = 0;") as wye:
            begin, times = time.monotonic(), {}
            peers = [wye.peer("p%d" % i) for i in range(count)]
            opened = time.monotonic()
            crowd = Crowd(peers)

            def all_pinged():
                now = time.monotonic() - opened
                for peer in peers:
                    if peer.frames and peer not in times:
                        times[peer] = now
                return len(times) == count

            self.assertTrue(crowd.read(all_pinged))
            crowd.close()
        return list(times.values()), opened - begin

    def test_spread(self):
        """Those of connections that were opened together are spread over the interval."""
        count, interval = 200, 4 if SANITIZED else 2
        times, spent = self.ping_times(count, interval)
        if spent > interval / 4:  # a busy machine: the first had theirs before
            interval = 12
            times, spent = self.ping_times(count, interval)
        tenths = [0] * 10
        for at in times:
            tenths[min(9, max(0, int(10 * at / interval)))] += 1
        self.assertLess(max(times), interval + SLACK)
        self.assertLess(max(tenths), count // 4, tenths)  # 27 of 200 are to be expected
        self.assertGreaterEqual(sum(1 for tenth in tenths if tenth > 5), 6, tenths)

    def test_interval(self):
        """One per interval; not a second one while the first is unanswered."""
        with Runtime({"/ws": "ping_interval = 0.2; pong_timeout = 1;"}) as wye:
            peer = wye.peer("a")
            times = answer_pings(peer, 1.2)
            self.assertLessEqual(len(times), 7)
            self.assertGreaterEqual(len(times), 3)
            peer.next()  # unanswered
            self.assertEqual([one for one in peer.read_rest() if one[0] == 9], [])
            self.assertEqual(wye.wait_close("a")[0], "silent")

    def test_app_ping(self):
        """Answered without the handler; anything else is the handler's, which echoes."""
        with Runtime({"/ws": 'app_ping = { request = "are you there"; reply = "yes"; };',
                      "/plain": "", "/default": "app_ping = { };"}) as wye:
            peer = wye.peer("a")
            for sent, answer in (("are you there", b"yes"), ("are you", b"are you"),
                                 ("are you therE", b"are you therE"), ("", b"")):
                peer.send(sent)
                self.assertEqual(peer.message(), answer)
            peer.sock.sendall(frame(2, b"are you there"))
            self.assertEqual(peer.message(), b"are you there")
            peer.sock.sendall(frame(1, b"are ", fin=False) + frame(0, b"you there"))
            self.assertEqual(peer.message(), b"yes")
            self.assertEqual(wye.describe("a")["in"], 4)
            self.assertEqual(wye.metrics()["ws_app_pings_total"], 2)
            for path, answer in (("/plain", b"ping"), ("/default", b"pong")):
                other = wye.peer("b", path)
                other.send("ping")
                self.assertEqual(other.message(), answer)
            wait_for("counts", lambda: wye.metrics()["ws_app_pings_total"] == 3)


if __name__ == "__main__":
    main()
