#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a group's members get within one turn of their loop goes to each in one piece: in order
beside all else that they are sent, also where the kernel takes a part of it only."""

import json
import random
import time
import unittest

from peers import Answer, Runtime, fill, numbers
from wye import SANITIZED, frame, main

MEMBERS = 12


class Group:
    """A runtime of one loop, its members, and what each of them is to get."""

    def __init__(self, wye):
        self.wye = wye
        self.peers = [wye.peer("p%d" % i, query="&user=u%d" % i) for i in range(MEMBERS)]
        self.members = {"g": set(), "h": set()}
        self.expected = [[] for _ in self.peers]
        for peer in self.peers:
            self.join(peer, "g")
        for peer in self.peers[2:]:
            self.join(peer, "h")

    def join(self, peer, group):
        assert peer.order("join group=" + group) == "0"
        self.members[group].add(self.peers.index(peer))

    def add(self, name, path, **more):
        """One more member of the first."""
        one = self.wye.peer(name, path, **more)
        self.peers.append(one)
        self.join(one, "g")
        return one

    def send_at_once(self, wire, one, orders):
        """In one turn the loop, which sleeps before, gets these orders of another and then what
        this one sends."""
        self.peers[1].send("!sleep ms=300")
        time.sleep(0.1)
        self.peers[0].sock.sendall(b"".join(frame(1, b"!" + order.encode()) for order in orders))
        time.sleep(0.05)
        one.sock.sendall(wire)

    def carry_out(self, orders):
        """All in one piece, so that one turn has them all; returns their answers."""
        first = self.peers[0]
        first.sock.sendall(b"".join(frame(1, b"!" + order.encode()) for order in orders))
        seen, answers = [], []
        while len(answers) < len(orders):
            opcode, payload = first.next()
            if payload[:1] == b"=":
                answers.append(payload[1:].decode())
            else:
                seen.append((opcode, payload))
        first.frames = seen + first.frames
        return answers

    def random_order(self, dice, number):
        """An order, and who gets the message with this number by it."""
        everybody, group = set(range(len(self.peers))), dice.choice("ggggh")
        one, kind = dice.randrange(1, len(self.peers)), dice.randrange(16)
        text = "publish group=%s from=%d" % (group, number)
        if kind == 0:
            return "send to=p%d from=%d" % (one, number), {one}
        if kind == 1:
            return text + " except=p%d" % one, self.members[group] - {one}
        if kind == 2:
            return text + " keys=3", self.members[group]
        if kind == 3:
            return text + " size=5000", self.members[group]
        if kind == 4:
            return "all route=/ws from=%d" % number, everybody
        if kind == 5:
            joins = one not in self.members[group]
            (self.members[group].add if joins else self.members[group].remove)(one)
            return "%s to=p%d group=%s" % ("join" if joins else "leave", one, group), set()
        if kind == 6:
            return "user user=u%d from=%d" % (one, number), {one}
        return text, self.members[group]

    def check(self, test):
        for peer, expected in zip(self.peers, self.expected):
            test.assertEqual(numbers(peer.sync()), expected, peer.name)
            expected.clear()


class Order(unittest.TestCase):
    def test_beside_all_else(self):
        """Whatever one thread does within a turn arrives at each in that order."""
        with Runtime({"/ws": "outbox_messages = 4096;"}, loops=1) as wye:
            group = Group(wye)
            for round_ in range(3 if SANITIZED else 20):
                dice, orders = random.Random(round_), []
                for number in range(100):
                    order, receivers = group.random_order(dice, number)
                    orders.append(order)
                    for i in receivers:
                        group.expected[i].append(number)
                for order, answer in zip(orders, group.carry_out(orders)):
                    self.assertEqual(answer.split()[0], "0" if "group" in order and
                                     "publish" not in order else "1", order)
                group.check(self)

    def test_many_in_a_turn(self):
        """More than go into one piece."""
        with Runtime({"/ws": "outbox_messages = 4096;"}, loops=1) as wye:
            group = Group(wye)
            for size in (20, 1000, 4000):
                group.carry_out(["publish group=g count=200 size=%d" % size] * 2)
                for expected in group.expected:
                    expected += list(range(200)) * 2
                group.check(self)

    def test_closing_comes_behind(self):
        with Runtime(loops=1) as wye:
            group = Group(wye)
            group.carry_out(["publish group=g from=1", "close to=p3", "publish group=g from=2"])
            self.assertEqual(numbers(group.peers[2].sync()), [1, 2])
            seen = group.peers[3].read_until(lambda opcode, payload: opcode == 8)
            self.assertEqual(numbers(seen), [1])

    def test_all_leave(self):
        """Who leaves has had what was published before."""
        with Runtime(loops=1) as wye:
            group = Group(wye)
            group.carry_out(["publish group=g from=1"] + [
                "leave to=p%d group=g" % i for i in range(MEMBERS)])
            group.expected = [[1] for _ in group.peers]
            group.check(self)
            self.assertEqual(wye.order("count group=g"), "0")

    def test_is_counted(self):
        """What waits for the turn's end counts as queued, and takes room."""
        with Runtime(loops=1) as wye:
            group = Group(wye)
            described, published, last = group.carry_out(
                ["describe", "publish group=g count=2 size=100", "describe"])
            before, after = json.loads(described), json.loads(last)
            self.assertEqual(after["queued"] - before["queued"], 2 + 2)
            self.assertEqual(before["room"] - after["room"], 200 + 2 + len(described + published))
            wye.wait_metric("ws_backlog_messages", sum(
                wye.describe(peer.name)["unacked"] for peer in group.peers))


class Numbers(unittest.TestCase):
    """What is told of a connection, or counted for it, is of messages that are queued."""

    def setUp(self):
        self.wye = self.enterContext(Runtime({
            "/ws": "", "/refuse": 'slow_consumer = "refuse"; outbox_bytes = 40000;',
            "/fence": 'slow_consumer = "refuse"; outbox_messages = 50; fence = true; '
                      "fence_interval = 0.1; ping_interval = 0; pong_timeout = 0;"}, loops=1))
        self.group = Group(self.wye)

    def test_refused(self):
        """What finds no room does not count as queued for a while."""
        one = self.group.add("full", "/refuse")
        before = self.wye.describe("full")
        self.group.send_at_once(frame(1, b"!describe"), one, [
            "publish group=g count=3 size=2000", "send to=full size=39000 thread=1"])
        seen = one.read_until(lambda _, payload: payload.startswith(b"={"))
        after = json.loads(seen[-1][1][1:])
        self.assertEqual((after["queued"] - before["queued"], after["refused"]), (0, 3))

    def test_fence(self):
        """It acknowledges nothing of what comes behind it."""
        one = self.group.add("fenced", "/fence")
        number = one.read_until(lambda opcode, _: opcode == 9)[-1][1]
        self.group.send_at_once(frame(10, number), one, [
            "publish group=g count=3", "send to=fenced count=50 thread=1"])
        before = one.read_until(lambda opcode, _: opcode == 9)
        one.pong(before[-1][1])
        one.sync()
        self.assertEqual(self.wye.describe("fenced")["unacked"], 50 - len(numbers(before)))


class Stuck(unittest.TestCase):
    def flood(self, group, rounds, size):
        for i in range(rounds):
            group.carry_out(["publish group=g from=%d size=%d" % (i * 20 + k, size)
                             for k in range(20)])
            for peer in group.peers[:-1]:
                self.assertEqual(numbers(peer.sync()),
                                 list(range(i * 20, i * 20 + 20)))

    @staticmethod
    def read_all(peer):
        return numbers(peer.read_until(lambda _, payload: payload.startswith(b"799 ")))

    def test_cut(self):
        """A socket takes a part: the rest of the message follows, and those behind it."""
        with Runtime({"/ws": "outbox_bytes = 8000000; outbox_messages = 30000;"}, loops=1) as wye:
            group = Group(wye)
            group.peers.append(wye.peer("stuck", window=4096))
            group.join(group.peers[-1], "g")
            self.flood(group, 40, 731)
            self.assertGreater(wye.describe("stuck")["waiting"], 100)
            self.assertEqual(self.read_all(group.peers[-1]), list(range(800)))
            known = wye.describe("stuck")
            self.assertEqual((known["waiting"], known["bytes_waiting"]), (0, 0))

    def test_drops(self):
        """What a policy drops are whole messages that the peer has nothing of."""
        with Runtime({"/ws": "slow_consumer = \"drop-oldest\"; outbox_messages = 50;"},
                     loops=1) as wye:
            group = Group(wye)
            group.peers.append(wye.peer("stuck", window=4096))
            group.join(group.peers[-1], "g")
            self.flood(group, 40, 731)
            seen = self.read_all(group.peers[-1])
            self.assertEqual(seen, sorted(set(seen)))
            self.assertEqual(seen[-49:], list(range(751, 800)))
            known = wye.describe("stuck")
            self.assertEqual(len(seen) + known["dropped"], 800)
            self.assertEqual(known["waiting"], 0)


class Full(unittest.TestCase):
    """Who catches up may be a slow consumer, and is closed by that, whatever made it catch up."""
    BOUND = 50

    def setUp(self):
        self.wye = self.enterContext(Runtime({
            path: text + "close_timeout = 0.5;" for path, text in {
                "/ws": "", "/small": "outbox_messages = %d;" % self.BOUND,
                "/narrow": "outbox_bytes = 40000;",
                "/deflate": "outbox_messages = %d; deflate = true; deflate_minimum = 5000;"
                            % self.BOUND}.items()}, loops=1))
        self.group = Group(self.wye)

    def fill(self, path="/small", **more):
        """A member whose outbox takes nothing any more."""
        one = self.group.add("full", path, window=4096, **more)
        fill(self.wye, "full")
        left = self.BOUND - self.wye.describe("full")["waiting"]
        self.assertEqual(self.wye.send("send to=full count=%d" % left).queued, left)
        return one

    def is_closed(self, one, *causes):
        """By one close frame, which is the last."""
        frames = one.read_rest()
        self.assertEqual([i for i, (opcode, _) in enumerate(frames) if opcode == 8],
                         [len(frames) - 1])
        self.assertIn(self.wye.wait_close("full")[0], causes or ("slow_consumer",))
        self.wye.wait_metric("ws_group_members", 2 * MEMBERS - 2 + len(self.group.peers) - 1)

    def test_by_a_send(self):
        one = self.fill()
        answers = self.group.carry_out(["publish group=g count=2", "send to=full"])
        self.assertEqual(Answer(map(int, answers[1].split())).gone, 1)
        self.is_closed(one)

    def test_by_what_another_thread_has_sent(self):
        one = self.group.add("full", "/small")
        self.group.carry_out(["publish group=g", "send to=full count=50 thread=1"])
        self.is_closed(one)

    def test_by_leaving(self):
        one = self.fill()
        self.group.carry_out(["publish group=g count=2", "leave to=full group=g"])
        self.is_closed(one)

    def test_by_a_ping(self):
        one = self.group.add("full", "/small")
        self.group.send_at_once(frame(9, b"x"), one,
                          ["publish group=g", "send to=full count=50 thread=1"])
        self.is_closed(one)

    def test_by_its_own_close_frame(self):
        one = self.fill()
        self.group.send_at_once(frame(8, b"\x03\xe8"), one, ["publish group=g count=2"])
        self.is_closed(one, "peer")

    def test_no_gap(self):
        """Behind a message that finds no room comes none, also where that is not the end."""
        one = self.group.add("full", "/narrow", window=4096)
        fill(self.wye, "full")
        self.wye.send("send to=full size=%d" % (self.wye.describe("full")["room"] - 100))
        self.group.carry_out(["publish group=g from=7777 size=1000",
                              "publish group=g from=8888", "close to=full"])
        self.assertNotIn(8888, numbers(one.read_rest()))
        self.assertEqual(numbers(self.group.peers[2].sync()), [7777, 8888])

    def test_the_last_member(self):
        one = self.fill(path="/deflate",
                        headers="Sec-WebSocket-Extensions: permessage-deflate\r\n")
        self.group.carry_out(["publish group=g count=9"] + [
            "leave to=p%d group=g" % i for i in range(MEMBERS)] + ["send to=full"])
        one.read_rest()
        self.assertEqual(self.wye.order("count group=g"), "0")
        self.assertEqual(self.wye.wait_close("full")[0], "slow_consumer")


if __name__ == "__main__":
    main()
