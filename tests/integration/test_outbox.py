#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What waits for a peer that does not read: bounds, what becomes of what finds no room, who is told."""

import json
import re
import threading
import time
import unittest

from peers import Runtime, control, fill, numbers
from wye import frame, main, wait_for

BOUND = "outbox_bytes = 65536; ping_interval = 0; "


class Refuse(unittest.TestCase):
    def test_nothing_accepted_is_lost(self):
        """Verdict -EAGAIN; what was accepted arrives, all of it and in order; who waits is told."""
        with Runtime({"/ws": BOUND + 'slow_consumer = "refuse";'}) as wye:
            peer = wye.peer("a", window=4096)
            accepted = fill(wye, "a")
            count = wye.send("send to=a count=200 size=4096 from=%d until=-11" % accepted)
            self.assertEqual((count.again, count.last, count.dropping), (1, -11, 0))
            accepted += count.queued
            seen = wye.describe("a")
            self.assertLessEqual(seen["bytes_waiting"], 65536)
            self.assertGreater(seen["bytes_waiting"], 65536 - 4096)
            self.assertEqual(seen["room"], 65536 - seen["bytes_waiting"])
            self.assertEqual(wye.send("send to=a size=65537").last, -90)  # -EMSGSIZE
            self.assertEqual(wye.order("room to=a ms=50", "/wait"), "-110")  # -ETIMEDOUT
            self.assertEqual(wye.order("room to=a ms=50"), "-35")  # -EDEADLK on a loop
            self.assertEqual(wye.order("when to=a"), "0")
            self.assertEqual(json.loads(wye.order("show"))["rooms"], 0)
            result = []
            waiting = threading.Thread(
                target=lambda: result.append(wye.order("room to=a ms=60000", "/wait")))
            waiting.start()
            self.assertEqual(numbers([peer.next() for _ in range(accepted)]), list(range(accepted)))
            waiting.join()
            self.assertEqual(result, ["0"])
            shown = json.loads(wye.order("show"))
            self.assertEqual((shown["rooms"], shown["room_status"], shown["elsewhere"]), (1, 0, 0))
            self.assertEqual(wye.order("when to=a"), "0")  # at once
            wait_for("room", lambda: json.loads(wye.order("show"))["rooms"] == 2)
            peer.close()
            wait_for("the end", lambda: wye.order("when to=a") == "-2")
            self.assertEqual(wye.order("room to=a ms=50", "/wait"), "-2")
            wye.gauges_are_zero()

    def test_waits_end_with_the_connection(self):
        with Runtime({"/ws": BOUND + 'slow_consumer = "refuse"; close_timeout = 0.1;'}) as wye:
            peer = wye.peer("a", window=4096)
            accepted = fill(wye, "a")
            wye.send("send to=a count=200 size=4096 from=%d until=-11" % accepted)
            self.assertEqual(wye.order("when to=a"), "0")
            result = []
            waiting = threading.Thread(
                target=lambda: result.append(wye.order("room to=a ms=60000", "/wait")))
            waiting.start()
            wait_for("its room", lambda: json.loads(wye.order("show"))["rooms"] == 0)
            self.assertEqual(wye.order("close to=a code=1000"), "0")
            waiting.join()
            self.assertEqual(result, ["-2"])
            wait_for("room", lambda: json.loads(wye.order("show"))["rooms"] == 1)
            self.assertEqual(json.loads(wye.order("show"))["room_status"], -2)
            self.assertEqual(wye.wait_close("a")[:2], ("handler", 1000))
            peer.close()

    def test_bound_in_messages(self):
        """Small ones are bounded by their number; drained() is called for these, too."""
        with Runtime({"/ws": 'outbox_messages = 100; slow_consumer = "refuse"; ping_interval = 0;'
                      }) as wye:
            peer = wye.peer("a", window=4096)
            accepted = fill(wye, "a")
            count = wye.send("send to=a count=200 size=30 from=%d until=-11" % accepted)
            self.assertEqual((count.again, count.last), (1, -11))
            accepted += count.queued
            seen = wye.describe("a")
            self.assertEqual((seen["waiting"], seen["room"]), (100, 0))
            self.assertEqual(wye.order("when to=a"), "0")
            self.assertEqual(wye.order("room to=a ms=20", "/wait"), "-110")
            shown = json.loads(wye.order("show"))
            self.assertEqual((shown["rooms"], shown["drains"]), (0, 0))
            self.assertEqual(numbers([peer.next() for _ in range(accepted)]), list(range(accepted)))
            wait_for("room", lambda: json.loads(wye.order("show"))["rooms"] == 1)
            wait_for("drained", lambda: json.loads(wye.order("show"))["drains"] == 1)
            peer.close()

    def echo_all(self, wye, peer, message, count):
        """Sends `count` and reads none before wye has stopped reading; then all come back."""
        writer = threading.Thread(target=peer.sock.sendall, args=(frame(1, message) * count,))
        writer.start()
        taken = [-1]

        def stands_still():
            taken.append(wye.metrics()["ws_messages_in_total"])
            time.sleep(0.05)
            return taken[-1] == taken[-2]

        wait_for("it to stop reading", stands_still)
        self.assertLess(taken[-1], count)
        spent = cpu(wye)
        time.sleep(0.3)
        self.assertLess(cpu(wye) - spent, 20)  # of 30 ticks: it waits, and does not ask again
        for _ in range(count):
            self.assertEqual(peer.message(), message)
        writer.join()

    def test_echo_never_spins(self):
        """A message that is kept back is not shown again before there is room for it."""
        for name, message, count, settings in (
                ("many small", b"x", 200000, "outbox_messages = 100;"),
                ("large ones", b"y" * 900000, 20, ""),
                ("a small bound", b"z" * 600, 10000, "outbox_bytes = 700;")):
            with self.subTest(name), Runtime({"/ws": 'handler = "echo";' + settings}) as wye:
                peer = wye.peer("a", window=4096)
                self.echo_all(wye, peer, message, count)
                self.assertEqual(wye.get("/none").status, 404)
                peer.close()

    def test_relay(self):
        """A handler that waits for another connection's room, and asks again too early, holds up
        nobody: the loop goes on, and all arrives."""
        routes = {"/ws": BOUND + 'slow_consumer = "refuse"; handler = "runtime/peer";'}
        with Runtime(routes, loops=1) as wye:
            slow = wye.peer("slow", window=4096)
            relay = wye.peer("relay", query="&next=slow")
            accepted = fill(wye, "slow")
            for i in range(100):
                relay.send("> %d %s" % (i, "." * 3000))
            wait_for("a refusal", lambda: wye.metrics()["ws_sends_refused_total"] > 0)
            other = wye.peer("other")
            self.assertEqual(other.order("join group=g"), "0")
            self.assertEqual(numbers([slow.next() for _ in range(accepted)]), list(range(accepted)))
            for i in range(100):
                self.assertEqual(slow.message().split()[:2], [b">", b"%d" % i])
            for one in (slow, relay, other):
                one.close()


def cpu(wye):
    with open("/proc/%d/stat" % wye.process.pid) as text:
        return sum(map(int, text.read().rsplit(")", 1)[1].split()[11:13]))


class Drop(unittest.TestCase):
    def check(self, wye, peer, sent, dropped, seen):
        """The peer gets what was on its way, then the newest; each number once, in order."""
        got = numbers([peer.next() for _ in range(sent - dropped)])
        self.assertEqual(got, sorted(set(got)))
        self.assertEqual(got[-1], sent - 1)
        first = next(i for i in range(len(got)) if got[i] != i)
        self.assertEqual(got[first:], list(range(sent - len(got) + first, sent)))
        self.assertEqual(wye.metrics()["ws_messages_dropped_total"], dropped)
        self.assertEqual(seen["dropped"], dropped)
        self.assertEqual(seen["queued"], sent)

    def test_oldest(self):
        """Verdict 1; the newest arrive; how many were dropped is exact. From other threads and on
        the loop."""
        with Runtime({"/ws": BOUND + 'slow_consumer = "drop-oldest";'}) as wye:
            peer = wye.peer("a", window=4096)
            sent = fill(wye, "a")
            for _ in range(10):
                count = wye.send("send to=a count=15 size=4096 from=%d" % sent)
                self.assertEqual(count.queued + count.dropping, 15)
                sent += 15
                wye.describe("a")
            self.assertGreater(count.dropping, 10)
            seen = wye.describe("a")
            self.assertLessEqual(seen["bytes_waiting"], 65536)
            self.check(wye, peer, sent, seen["dropped"], seen)
            peer.close()
            wye.gauges_are_zero()

    def test_oldest_on_the_loop(self):
        """There a message is never refused, however large it is beside what is half written."""
        with Runtime({"/ws": BOUND + 'slow_consumer = "drop-oldest";'}) as wye:
            peer = wye.peer("a", window=4096)
            peer.send("!send to=a count=400 size=60000")
            wait_for("drops", lambda: wye.metrics()["ws_messages_dropped_total"] > 0)
            seen = wait_for("all", lambda: next(
                (one for one in [wye.describe("a")] if one["queued"] == 401), None))
            frames = [peer.next() for _ in range(400 - seen["dropped"] + 1)]
            verdicts = list(map(int, frames[-1][1][1:].split()))
            self.assertEqual(verdicts[0] + verdicts[1], 400)
            self.assertEqual(verdicts[-1], 1)
            peer.close()

    def test_keep_latest(self):
        """Of each key the newest arrives."""
        with Runtime({"/ws": 'outbox_messages = 50; slow_consumer = "keep-latest"; '
                      'ping_interval = 0;'}) as wye:
            peer = wye.peer("a", window=4096)
            sent = fill(wye, "a", options="keys=40")
            for _ in range(20):
                wye.send("send to=a count=40 size=4096 from=%d keys=40" % sent)
                sent += 40
                wye.describe("a")  # they have arrived
            seen = wye.describe("a")
            self.assertEqual(seen["waiting"], 50)
            last = {}
            for opcode, payload in [peer.next() for _ in range(sent - seen["dropped"])]:
                number, key = map(int, payload.split()[:2])
                self.assertGreater(number, last.get(key, -1))
                last[key] = number
            self.assertEqual(sorted(last.values()), list(range(sent - 40, sent)))
            peer.close()

    def test_publications(self):
        """What is shared is dropped from one outbox alone."""
        with Runtime({"/ws": BOUND + 'slow_consumer = "drop-oldest";'}) as wye:
            slow, quick = wye.peer("slow", window=4096), wye.peer("quick")
            for name in ("slow", "quick"):
                self.assertEqual(wye.order("join to=%s group=g" % name), "0")
            sent = fill(wye, "slow")
            for i in range(60):
                self.assertEqual(wye.send("publish group=g size=4000 from=%d" % (sent + i)).queued, 1)
                self.assertEqual(int(quick.message().split()[0]), sent + i)
            seen = wye.describe("slow")
            self.assertGreater(seen["dropped"], 0)
            self.check(wye, slow, sent + 60, seen["dropped"], seen)
            slow.close()
            quick.close()


class Disconnect(unittest.TestCase):
    def test_codes(self):
        """The send hears -ENOBUFS, later ones -ENOENT; the peer gets what was accepted, and 1008
        or 1013."""
        for code in (1008, 1013):
            with self.subTest(code), \
                    Runtime({"/ws": BOUND + "slow_consumer_code = %d;" % code}) as wye:
                peer = wye.peer("a", window=4096)
                sent = fill(wye, "a")
                count = wye.send("send to=a count=100 size=4096 from=%d until=-105" % sent)
                self.assertEqual((count.full, count.last), (1, -105))
                sent += count.queued
                wait_for("its end", lambda: wye.send("send to=a").gone)
                frames = peer.read_until(lambda opcode, payload: opcode == 8)
                self.assertEqual(numbers(frames), list(range(sent)))
                self.assertEqual(int.from_bytes(frames[-1][1][:2], "big"), code)
                peer.sock.sendall(frame(8, frames[-1][1][:2]))
                self.assertEqual(wye.wait_close("a"), ("slow_consumer", code, sent))
                # another send may have found it full before the loop closed it
                self.assertIn(wye.metrics()["ws_outbox_full_total"], (1, 2))
                wye.gauges_are_zero()

    def test_by_publication(self):
        """A member that is too slow leaves while the others are walked."""
        with Runtime({"/ws": BOUND + "close_timeout = 0.1;"}, loops=1) as wye:
            slow = [wye.peer("s%d" % i, window=4096) for i in range(5)]
            quick = [wye.peer("q%d" % i) for i in range(5)]
            for one, other in zip(slow, quick):
                for peer in (one, other):
                    self.assertEqual(wye.order("join to=%s group=g" % peer.name), "0")
            published = 0
            while int(wye.order("count group=g")) > 5:
                wye.send("publish group=g size=4000 from=%d" % published)
                published += 1
                for peer in quick:
                    self.assertEqual(int(peer.message().split()[0]), published - 1)
            for peer in slow:
                self.assertEqual(wye.wait_close(peer.name)[:2], ("slow_consumer", 1008))
            for peer in slow + quick:
                peer.close()
            wye.gauges_are_zero()


class Together(unittest.TestCase):
    def test_outbox_total(self):
        """Beyond it a stuck peer's outbox is held at 16 KB, the others don't notice."""
        routes = {"/ws": 'slow_consumer = "refuse"; ping_interval = 0;'}
        with Runtime(routes, top="outbox_total = 131072;") as wye:
            stuck = [wye.peer("s%d" % i, window=4096) for i in range(4)]
            sent = {}
            for peer in stuck:
                sent[peer.name] = fill(wye, peer.name)
            for _ in range(60):  # small steps: it is counted by each flush
                for peer in stuck:
                    sent[peer.name] += wye.send("send to=%s count=2 size=4096 from=%d until=-11"
                                                % (peer.name, sent[peer.name])).queued
            self.assertGreater(wye.metrics()["outbox_bytes_waiting"], 131072)
            held = wye.metrics()["outbox_bytes_waiting"]
            self.assertLess(held, 131072 + 4 * 16384 + 8192)
            for peer in stuck:
                seen = wye.describe(peer.name)
                if seen["bytes_waiting"] > 16384:
                    self.assertEqual(wye.send("send to=%s size=100" % peer.name).last, -11)
                    self.assertEqual(seen["room"], 0)
            late = wye.peer("late", window=4096)
            sent["late"] = fill(wye, "late")
            sent["late"] += wye.send("send to=late count=100 size=2000 from=%d until=-11"
                                     % sent["late"]).queued
            self.assertLess(wye.describe("late")["bytes_waiting"], 16384 + 4096)
            self.assertEqual(wye.order("room to=late ms=20", "/wait"), "-110")
            healthy = wye.peer("healthy")
            for i in range(100):
                self.assertEqual(wye.send("send to=healthy size=4096 from=%d" % i).queued, 1)
                self.assertEqual(int(healthy.message().split()[0]), i)
            for peer in stuck + [late]:
                got = numbers([peer.next() for _ in range(sent[peer.name])])
                self.assertEqual(got, list(range(sent[peer.name])))
            wye.wait_metric("outbox_bytes_waiting", 0)
            self.assertEqual(wye.order("room to=late ms=60000", "/wait"), "0")
            for peer in stuck + [late, healthy]:
                peer.close()
            wye.gauges_are_zero()

    def test_cut_connections_give_it_back(self):
        routes = {"/ws": 'slow_consumer = "refuse"; ping_interval = 0;'}
        with Runtime(routes, top="outbox_total = 131072;") as wye:
            stuck = [wye.peer("s%d" % i, window=4096) for i in range(4)]
            for peer in stuck:
                fill(wye, peer.name)
            self.assertGreater(wye.metrics()["outbox_bytes_waiting"], 0)
            for peer in stuck:
                peer.close()
            wye.gauges_are_zero()


class Overtaking(unittest.TestCase):
    def test_pongs(self):
        """While the socket takes nothing, a pong overtakes whole messages, and the last of several
        pings is answered only; no frame is torn."""
        with Runtime({"/ws": 'slow_consumer = "refuse"; ping_interval = 0;'}) as wye:
            peer = wye.peer("a", window=4096)
            sent = fill(wye, "a", size=30000)
            count = wye.send("send to=a count=30 size=30000 from=%d until=-11" % sent)
            sent += count.queued
            waiting = wye.describe("a")["waiting"]
            self.assertGreater(waiting, 10)
            for i in range(20000):
                peer.sock.sendall(frame(9, b"%d" % i))
            frames = peer.read_until(lambda opcode, payload: opcode == 10 and payload == b"19999")
            at = len(numbers(frames))
            self.assertLess(at, sent - waiting + 3)
            self.assertLess(len(control(frames)), 20000)
            frames += [peer.next() for _ in range(sent - at)]
            self.assertEqual(numbers(frames), list(range(sent)))
            peer.ping(b"again")
            self.assertEqual(peer.next(), (10, b"again"))
            peer.close()

    def test_heartbeat_overtakes_and_close_does_not(self):
        with Runtime({"/ws": 'slow_consumer = "refuse"; ping_interval = 0.2; pong_timeout = 60; '
                      'read_deadline = 0; close_timeout = 60;'}) as wye:
            peer = wye.peer("a", window=4096)
            sent = fill(wye, "a", size=30000)
            sent += wye.send("send to=a count=30 size=30000 from=%d until=-11" % sent).queued
            waiting = wye.describe("a")["waiting"]
            time.sleep(0.4)  # one is due, and can't be seen from outside
            self.assertEqual(wye.order("close to=a code=3000"), "0")
            frames = peer.read_until(lambda opcode, payload: opcode == 8)
            self.assertEqual(numbers(frames), list(range(sent)))
            last = max(i for i, one in enumerate(frames) if one[0] == 9)
            self.assertLess(len(numbers(frames[:last])), sent - waiting + 3)
            self.assertEqual(frames[-1][1][:2], (3000).to_bytes(2, "big"))
            peer.sock.sendall(frame(8, frames[-1][1][:2]))
            self.assertEqual(wye.wait_close("a"), ("handler", 3000, sent))

    def test_strict(self):
        """Random sizes, slow reads, pings between: whole frames, all of them, in order."""
        with Runtime({"/ws": 'slow_consumer = "refuse"; outbox_bytes = 300000; '
                      'ping_interval = 0.05; pong_timeout = 60; fence = true; '
                      'fence_interval = 0.01;'}) as wye:
            peer = wye.peer("a", window=4096)
            total = 0
            for size in (1, 125, 126, 127, 4000, 4093, 4096, 4097, 20000, 65535, 65536, 100000):
                count = wye.send("send to=a count=10 size=%d from=%d until=-11" % (size, total))
                total += count.queued
                peer.ping(b"%d" % size)
                peer.read(5000)
            frames = peer.frames
            peer.frames = []
            while len(numbers(frames)) < total:
                frames.append(peer.next())
            self.assertEqual(numbers(frames), list(range(total)))
            peer.close()


if __name__ == "__main__":
    main()
