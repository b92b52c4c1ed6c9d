#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Groups, users and routes: who gets what is published, in which order.

WYE_LONG=yes has 10,000 connections instead of some hundred."""

import os
import random
import resource
import threading
import unittest

from peers import Crowd, Peer, Runtime
from wye import PATIENCE, SANITIZED, frame, main, wait_for

LONG = os.environ.get("WYE_LONG") == "yes"


def names(frames):
    return [payload.split()[0] for opcode, payload in frames if opcode == 1]


class Members(unittest.TestCase):
    def test_join_and_leave(self):
        """From any thread; once is enough; the group is gone with its last member."""
        with Runtime() as wye:
            a, b = wye.peer("a"), wye.peer("b")
            self.assertEqual(wye.send("publish group=g").gone, 1)
            self.assertEqual(wye.order("each group=g", "/wait"), "-2 0 0 0")
            self.assertEqual(wye.order("join to=a group=g"), "0")
            self.assertEqual(wye.order("join to=a group=g", "/wait"), "0")
            self.assertEqual(a.order("join group=g"), "0")
            a.sync()
            self.assertEqual(wye.order("count group=g"), "1")
            self.assertEqual(b.order("join to=a group=g"), "0")  # from one loop to another
            self.assertEqual(b.order("join to=b group=g"), "0")
            self.assertEqual(wye.send("publish group=g from=1").queued, 1)
            self.assertEqual((a.message()[:2], b.message()[:2]), (b"1 ", b"1 "))
            wait_for("2", lambda: wye.order("count group=g") == "2")
            self.assertEqual(wye.metrics()["ws_groups"], 1)
            self.assertEqual(wye.send("publish group=g from=2 except=a").queued, 1)
            self.assertEqual(wye.order("leave to=a group=g"), "0")
            self.assertEqual(wye.order("leave to=a group=g"), "0")
            self.assertEqual(wye.send("publish group=g from=3").queued, 1)
            self.assertEqual([b.message()[:2] for _ in range(2)], [b"2 ", b"3 "])
            self.assertEqual(a.sync(), [])
            self.assertEqual(b.order("leave group=g"), "0")
            self.assertEqual(wye.send("publish group=g").gone, 1)
            self.assertEqual(wye.order("count group=g"), "0")
            wye.wait_metric("ws_groups", 0)
            self.assertEqual(wye.order("join to=a group="), "-22")
            self.assertEqual(wye.order("join to=a group=" + "n" * 257), "-22")
            self.assertEqual(wye.order("join to=a group=" + "n" * 256), "0")
            self.assertEqual(wye.order("join to=nobody group=g"), "-2")

    def test_closing_leaves_all(self):
        """However it ends; a join that is late finds nobody."""
        with Runtime({"/ws": "close_timeout = 60;"}) as wye:
            for i, end in enumerate(("peer", "reset", "handler", "closing")):
                with self.subTest(end):
                    one = wye.peer("p%d" % i)
                    self.assertEqual(one.order("join first=0 groups=300 of=300"), "0")
                    self.assertEqual(wye.metrics()["ws_groups"], 300)
                    if end == "peer":
                        one.sock.sendall(frame(8, b"\x03\xe8"))
                    elif end == "reset":
                        one.close()
                    else:
                        self.assertEqual(wye.order("close to=p%d" % i), "0")
                    wye.wait_metric("ws_group_members", 0)
                    wye.wait_metric("ws_groups", 0)
                    self.assertEqual(wye.order("join to=p%d group=g" % i), "-2")
            for one in wye.peers:
                one.close()
            wye.gauges_are_zero()

    def test_join_races_with_close(self):
        """Joins on their way to a connection that ends meanwhile are taken back."""
        with Runtime() as wye:
            stop = threading.Event()

            def join():
                while not stop.is_set():
                    for i in range(4):
                        wye.order("join to=r%d first=0 groups=50 of=50" % i)

            joiners = [threading.Thread(target=join) for _ in range(2)]
            for one in joiners:
                one.start()
            for _ in range(10 if SANITIZED else 40):
                for i in range(4):
                    peer = wye.peer("r%d" % i)
                    peer.ping()
                    peer.next()
                    peer.close()
            stop.set()
            for one in joiners:
                one.join()
            wye.gauges_are_zero()

    def test_on_the_loop(self):
        """Who publishes on a loop: its own members at once, the others by mail, each in order."""
        with Runtime() as wye:
            peers = [wye.peer("p%d" % i) for i in range(6)]
            for peer in peers:
                self.assertEqual(peer.order("join group=g"), "0")
            self.assertEqual(peers[0].order("publish group=g count=200").split()[0], "200")
            self.assertEqual(peers[0].order("publish group=g count=1 from=200 except=p0")
                             .split()[0], "1")
            for peer in peers[1:]:
                self.assertEqual([int(peer.message().split()[0]) for _ in range(201)],
                                 list(range(201)))
            self.assertEqual([int(peers[0].message().split()[0]) for _ in range(200)],
                             list(range(200)))

    def test_alone_and_in_a_group(self):
        """What one thread sends to a member alone stays in order beside what it publishes."""
        with Runtime() as wye:
            peer = wye.peer("a")
            peer.order("join group=g")
            one = wye.http()
            for i in range(0, 100, 2):  # one connection: one http thread
                for text in ("send to=a from=%d" % i, "publish group=g from=%d" % (i + 1)):
                    one.request("POST", "/do", text)
                    one.getresponse().read()
            one.close()
            self.assertEqual([int(peer.message().split()[0]) for _ in range(100)],
                             list(range(100)))

    def test_each(self):
        """A visit to each on its own loop; done once, on a loop."""
        with Runtime() as wye:
            peers = [wye.peer("p%d" % i, query="&user=u%d" % (i % 2)) for i in range(10)]
            for peer in peers[:4]:
                peer.order("join group=g")
            for order, count in (("each group=g", 4), ("each user=u1", 5), ("each", 10)):
                for path in ("/wait", "/wait"):
                    self.assertEqual(wye.order(order, path), "0 %d 0 1" % count)
            for i, peer in enumerate(peers):
                expected = 2 * ((i < 4) + i % 2 + 1)
                self.assertEqual([peer.message() for _ in range(expected)], [b"visited"] * expected)
            self.assertEqual(wye.order("each user=nobody", "/wait"), "-2 0 0 0")


class Users(unittest.TestCase):
    def assert_gets(self, peer, numbers):
        """Messages that are on their way to the loop may come behind the answer to a ping."""
        self.assertEqual([peer.message().split()[0].decode() for _ in numbers], list(numbers))
        self.assertEqual(peer.sync(), [])

    def test_users_and_routes(self):
        with Runtime({"/ws": "", "/other": ""}) as wye:
            peers = {name: wye.peer(name, path, query="&user=" + name[0])
                     for name, path in (("a1", "/ws"), ("a2", "/other"), ("b1", "/ws"))}
            anonymous = wye.peer("x")
            self.assertEqual(wye.order("count-user user=a"), "2")
            self.assertEqual(wye.order("count-user user=c"), "0")
            self.assertEqual(wye.send("user user=a from=1").queued, 1)
            self.assertEqual(wye.send("user user=c").gone, 1)
            self.assertEqual(wye.send("publish group=a").gone, 1)  # a name of the other kind
            self.assertEqual(wye.send("all route=/ws from=2").queued, 1)
            self.assertEqual(wye.send("all route=/none from=3").queued, 1)
            self.assertEqual(wye.send("all from=4").queued, 1)
            for name, numbers in (("a1", "124"), ("a2", "14"), ("b1", "24")):
                self.assert_gets(peers[name], numbers)
            self.assert_gets(anonymous, "24")
            self.assertEqual(wye.describe("a2")["user"], "a")
            peers["a1"].close()
            wait_for("one less", lambda: wye.order("count-user user=a") == "1")
            peers["a2"].close()
            wait_for("none", lambda: wye.send("user user=a").gone)


class Storm(unittest.TestCase):
    """Eight threads publish to all groups; everybody gets all of each thread's, once, in order."""
    CONNECTIONS = 10000 if LONG else 100 if SANITIZED else 500
    GROUPS = 100
    MEMBERSHIPS = 1 if LONG else 20  # of each connection
    MESSAGES = 10 if LONG else 2 if SANITIZED else 5  # of each thread to each group

    def check(self, name, frames):
        """All groups of a connection; of each thread and group 0, 1, 2..."""
        first = int(name[1:]) * self.MEMBERSHIPS
        mine = {(first + i) % self.GROUPS for i in range(self.MEMBERSHIPS)}
        seen = {}
        for opcode, payload in frames:
            if opcode != 1:
                continue
            thread, group, number = map(int, payload.split())
            self.assertIn(group, mine)
            self.assertEqual(number, seen.get((thread, group), -1) + 1)
            seen[thread, group] = number
        self.assertEqual(len(seen), 8 * len(mine))
        self.assertEqual(set(seen.values()), {self.MESSAGES - 1})

    def churn(self, wye, stop):
        """Others come, join, leave and go meanwhile."""
        dice = random.Random(1)
        while not stop.is_set():
            name = "c%d" % dice.randrange(1000)
            peer = Peer(wye, name)
            wye.order("join to=%s first=%d groups=50 of=100" % (name, dice.randrange(100)))
            if dice.random() < 0.5:
                wye.order("leave to=%s first=%d groups=50 of=100" % (name, dice.randrange(100)))
            peer.sock.settimeout(0.01)
            try:
                peer.read()
            except TimeoutError:
                pass
            peer.torn_allowed = True
            peer.close()

    def test_order(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        route = {"/ws": "outbox_messages = 32767; outbox_bytes = 16777216; "
                        "ping_interval = 5; pong_timeout = 600; read_deadline = 0;"}
        with Runtime(route, top="max_connections_per_address = 0;") as wye:
            peers = [wye.peer("p%d" % i) for i in range(self.CONNECTIONS)]
            for i, peer in enumerate(peers):
                peer.send("!join first=%d groups=%d of=%d"
                          % (i * self.MEMBERSHIPS, self.MEMBERSHIPS, self.GROUPS))
            for peer in peers:
                self.assertEqual(peer.message(), b"=0")
            self.assertEqual(wye.metrics()["ws_group_members"],
                             self.CONNECTIONS * self.MEMBERSHIPS)
            crowd, stop = Crowd(peers), threading.Event()
            threads = [threading.Thread(target=self.churn, args=(wye, stop)) for _ in range(2)]
            threads.append(threading.Thread(target=wye.order, args=(
                "storm groups=%d messages=%d" % (self.GROUPS, self.MESSAGES), "/wait")))
            for one in threads:
                one.start()
            expected = 8 * self.MEMBERSHIPS * self.MESSAGES
            self.assertTrue(crowd.read(lambda: all(
                len(peer.frames) >= expected for peer in peers), 6 * PATIENCE))
            stop.set()
            for one in threads:
                one.join()
            for peer in peers:
                self.check(peer.name, peer.frames)
            self.assertEqual(wye.metrics()["ws_sends_refused_total"], 0)
            crowd.close()
            wye.gauges_are_zero(3 * PATIENCE)


if __name__ == "__main__":
    main()
