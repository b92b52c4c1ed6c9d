#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Eight threads send to, close, broadcast to and visit connections that come and go; then the
counts add up. tests/hammer does it for longer."""

import json
import random
import resource
import selectors
import socket
import struct
import time
import unittest

from peers import CAUSES, Peer, Runtime
from wye import PATIENCE, SANITIZED, TEST_PLUGINS, frame, main, wait_for

SMALL = "outbox_bytes = 65536; close_timeout = 0.5; ping_interval = 1; pong_timeout = 60; "
ROUTES = {path: 'handler = "hammer/hammer"; ' + SMALL + settings for path, settings in {
    "/counted-refuse": 'slow_consumer = "refuse"; fence = true;',
    "/counted-oldest": 'slow_consumer = "drop-oldest"; fence = true;',
    "/counted-latest": 'slow_consumer = "keep-latest"; outbox_messages = 50;',
    "/counted-disconnect": "slow_consumer_code = 1013;",
    "/group": 'slow_consumer = "drop-oldest"; fence = true; fence_interval = 0.01;',
    "/group-disconnect": "",
}.items()}
DROPS = {"/counted-oldest", "/counted-latest", "/group"}


class Client(Peer):
    """A client with a fate: it reads or does not, and goes in one of several ways, or stays."""

    def __init__(self, wye, number, dice):
        self.path = dice.choice(list(ROUTES))
        self.fate = dice.choice(("stay", "close", "reset", "leave"))
        reads = dice.random() < 0.9
        super().__init__(wye, "h%d" % number, self.path, window=None if reads else 4096)
        self.reads, self.end = reads, time.monotonic() + dice.random() * 3
        self.seen, self.torn_allowed, self.count = {}, True, 0
        self.sock.setblocking(False)

    def check(self, payload):
        """Each thread's messages in order; without a gap where nothing is dropped."""
        kind, thread, number = payload.split()[:3]
        if kind == b"s":
            last, number = self.seen.get(thread, -1), int(number)
            if number <= last or (self.path not in DROPS and number != last + 1):
                raise AssertionError("%s: %d behind %d" % (self.path, number, last))
            self.seen[thread] = number
        self.count += 1

    def take(self):
        """False when it is over."""
        try:
            more = self.read(65536)
        except BlockingIOError:
            return True
        for opcode, payload in self.frames:
            if opcode == 1:
                self.check(payload)
            elif opcode == 8:
                self.tell(frame(8, payload[:2]))
            elif opcode == 9:
                self.tell(frame(10, payload))
        self.frames = []
        return more

    def tell(self, data):
        try:
            self.sock.send(data)
        except (BlockingIOError, ConnectionError):
            pass

    def go(self):
        if self.fate == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if self.fate == "leave":
            self.tell(frame(8, b"\x03\xe8"))
            self.end += 1
            self.fate = "close"
            return False
        self.close()
        return True


class Load:
    """Keeps so many connections open; they come and go."""

    def __init__(self, wye, count):
        self.wye, self.count, self.number = wye, count, 0
        self.dice, self.clients, self.received = random.Random(7), set(), 0
        self.selector = selectors.DefaultSelector()

    def fill(self, most):
        while len(self.clients) < self.count and most:
            client = Client(self.wye, self.number, self.dice)
            self.number, most = self.number + 1, most - 1
            self.clients.add(client)
            if client.reads:
                self.selector.register(client, selectors.EVENT_READ)

    def remove(self, client):
        if client.reads:
            self.selector.unregister(client)
        self.clients.discard(client)
        self.received += client.count
        client.close()

    def turn(self):
        for key, _ in self.selector.select(0.02)[:200]:
            if not key.fileobj.take():
                self.remove(key.fileobj)

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn()
            now = time.monotonic()
            for client in [one for one in self.clients if one.end < now and one.fate != "stay"]:
                if client.sock.fileno() >= 0 and client.reads and client.fate != "leave":
                    self.selector.unregister(client)
                    client.reads = False
                if client.go():
                    self.remove(client)
            self.fill(20)

    def read_all(self):
        """From now on everybody reads."""
        for client in self.clients:
            if not client.reads:
                client.reads = True
                self.selector.register(client, selectors.EVENT_READ)


def settled(wye, load):
    load.turn()
    seen = json.loads(wye.get("/settle").text)
    return seen if not (seen["running"] or seen["unsettled"]) else None


def hammer(seconds, connections):
    """Returns what was counted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    more = ', { load = "%s/hammer.so"; as = "hammer"; }' % TEST_PLUGINS
    rest = ', { path = "/go"; handler = "hammer/go"; }, { path = "/settle"; handler = "hammer/settle"; }'
    with Runtime(ROUTES, more=more, rest=rest, chain="hammer/user",
                 top="max_connections_per_address = 0; outbox_total = 8388608;") as wye:
        load = Load(wye, connections)
        load.fill(connections)
        wye.order("go ms=%d breath=%d" % (seconds * 1000, 5000 if SANITIZED else 200), "/go")
        load.run(seconds)
        load.read_all()
        wait_for("all to be delivered", lambda: settled(wye, load), 3 * PATIENCE)
        for client in list(load.clients):
            load.remove(client)
        wye.gauges_are_zero(3 * PATIENCE)
        counts = wait_for("the ends", lambda: next(
            (seen for seen in [json.loads(wye.get("/settle").text)]
             if seen["opens"] == seen["closes"]), None))
        metrics = wye.metrics()
        counts["received"] = load.received
        counts["causes"] = {cause: metrics["ws_closed_%s_total" % cause] for cause in CAUSES
                            if metrics["ws_closed_%s_total" % cause]}
        check(counts, metrics, load)
        return counts


def check(counts, metrics, load):
    assert counts["opens"] == load.number == metrics["ws_connections_opened_total"], counts
    assert counts["closes"] == sum(counts["causes"].values()), counts
    assert counts["accepted"] == counts["written"] + counts["dropped"] + counts["lost"], counts
    assert counts["lost"] >= 0 and not counts["overdrawn"], counts
    for what in ("posts", "rooms", "tours"):
        assert not counts[what], counts
    assert metrics["ws_messages_out_total"] >= counts["written"], (counts, metrics)
    assert metrics["ws_messages_dropped_total"] >= counts["dropped"], (counts, metrics)
    assert load.received <= metrics["ws_messages_out_total"], (counts, metrics)


class Hammer(unittest.TestCase):
    def test_short(self):
        counts = hammer(3, 100 if SANITIZED else 200)
        self.assertGreater(counts["accepted"], 1000)
        self.assertGreater(counts["closes"], 100)


if __name__ == "__main__":
    main()
