#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""plugins/chat.c: its protocol, what it remembers, and that a stop loses nothing that it confirmed."""

import json
import os
import signal
import sys
import threading
import time
import unittest

from wye import PLUGINS, Wye, close_code, frame, main, read_frame, wait_for

CONFIG = """
listen = ( { address = "127.0.0.1"; port = 0; } );
plugin_path = "%s"; http_threads = 2; stream_loops = 2; log_level = "debug";
plugins = ( { load = "chat"; }, { load = "chat"; as = "other"; } );
websocket = { routes = (
  { path = "/ws/chat/:room"; handler = "chat"; },
  { path = "/other/:room"; handler = "other"; }
); };
""" % PLUGINS


class Member:
    """A connection that sorts what it gets."""

    def __init__(self, wye, name, room="/ws/chat/lobby", client=None):
        self.client = client or name
        self.sock = wye.websocket(room + "?name=" + name)
        self.heard, self.acks, self.errors = [], [], []

    def say(self, n, text, client=None):
        self.send(json.dumps({"n": n, "c": client or self.client, "text": text}))

    def send(self, text):
        self.sock.sendall(frame(1, text.encode()))

    def next(self):
        """Takes one message; returns False at the close."""
        opcode, data = read_frame(self.sock)
        if opcode == 8:
            return False
        value = json.loads(data)
        if "ack" in value:
            self.acks.append(value["ack"])
        elif "error" in value:
            self.errors.append(value)
        else:
            self.heard.append(value)
        return True

    def until(self, condition):
        while not condition():
            assert self.next(), "closed"

    def ordered(self):
        """As a client shows it: what other loops send may come out of order."""
        return sorted(self.heard, key=lambda one: one["id"])

    def texts(self):
        return [one["text"] for one in self.heard]

    def close(self):
        self.sock.close()


class Chat(unittest.TestCase):
    def test_say(self):
        with Wye(config=CONFIG) as wye:
            ann, bob = Member(wye, "ann", client="a1"), Member(wye, "b%C3%B6b")
            far = [Member(wye, "far", "/ws/chat/attic"), Member(wye, "far", "/other/lobby")]
            ann.say(7, 'h\u00e4 "\\\n')
            bob.until(lambda: bob.heard)
            ann.until(lambda: ann.acks)
            first = bob.heard[0]["id"]
            self.assertEqual(bob.heard, [{"n": 7, "c": "a1", "text": 'h\u00e4 "\\\n', "id": first,
                                          "from": "ann", "room": "/ws/chat/lobby"}])
            self.assertLess(abs(first / 1e6 - time.time()), 60)
            self.assertEqual((ann.heard, ann.acks), (bob.heard, [7]))
            bob.say(1, "yo")
            ann.until(lambda: len(ann.heard) == 2)
            self.assertEqual((ann.heard[1]["from"], ann.heard[1]["id"]), ("b\u00f6b", first + 1))
            for one in far:
                one.say(1, "hello?")
                one.until(lambda: one.acks)
                self.assertEqual(one.texts(), ["hello?"])
            for one in [ann, bob] + far:
                one.close()

    def test_mistakes(self):
        good = {"n": 1, "c": "ann", "text": "x"}
        with Wye(config=CONFIG) as wye:
            ann = Member(wye, "ann")
            bad = ["", "{", "[]", "1", "null", '{"n":1}', '{"n":1,"c":"a","text":"x"} ?',
                   '{"n":1,"c":"a","text":"\\ud800"}']
            bad += [json.dumps({**good, **change}) for change in (
                {"n": 0}, {"n": -1}, {"n": 1.5}, {"n": "1"}, {"n": 10 ** 20}, {"c": 1}, {"c": None},
                {"text": []}, {"text": "x" * 4096}, {"ack": 3}, {"id": 5})]
            for text in bad:
                ann.send(text)
                ann.until(lambda: ann.errors)
                error = ann.errors.pop()
                self.assertIn("{n, c, text}", error["error"], text)
                if text.startswith('{"n": 1,'):
                    self.assertEqual(error["n"], 1)  # so the client won't send it again
            ann.sock.sendall(frame(2, json.dumps(good).encode()))
            ann.until(lambda: ann.errors)
            ann.say(1, "x" * 4000)
            ann.until(lambda: ann.acks)
            self.assertEqual(len(ann.heard), 1)
            ann.close()

    def test_names(self):
        with Wye(config=CONFIG) as wye:
            for query in ("", "?name=", "?name=" + "x" * 65, "?name=%ff"):
                with wye.websocket("/ws/chat/lobby" + query) as sock:
                    self.assertEqual(close_code(sock), 1008)

    def test_again(self):
        with Wye(config=CONFIG) as wye:
            ann, bob = Member(wye, "ann"), Member(wye, "bob")
            ann.say(1, "one")
            ann.say(2, "two")
            ann.until(lambda: len(ann.acks) == 2)
            ann.close()  # as if both acks had been lost
            ann = Member(wye, "ann")
            for n, text in ((1, "one"), (2, "two"), (3, "three")):
                ann.say(n, text)
            ann.until(lambda: ann.acks == [1, 2, 3])
            bob.until(lambda: len(bob.heard) == 3)
            self.assertEqual(bob.texts(), ["one", "two", "three"])
            self.assertEqual(ann.texts(), bob.texts())  # the first two as history
            ann.close()
            bob.close()

    def test_what_is_remembered(self):
        with Wye(config=CONFIG) as wye:
            ann = Member(wye, "ann")
            for n in range(10100):  # 100 more clients than are remembered
                ann.say(1, str(n), "client %d" % n)
                ann.until(lambda: len(ann.acks) > n - 50)
            ann.until(lambda: len(ann.acks) == 10100)
            late = Member(wye, "late")
            late.until(lambda: len(late.heard) == 1000)
            self.assertEqual(late.texts(), [str(n) for n in range(9100, 10100)])
            late.say(1, "known", "client 10000")
            late.say(1, "forgotten", "client 0")
            late.until(lambda: len(late.acks) == 2)
            self.assertEqual(late.texts()[1000:], ["forgotten"])
            ann.close()
            late.close()

    def test_one_order(self):
        with Wye(config=CONFIG) as wye:
            members = [Member(wye, "m%d" % i) for i in range(8)]

            def talk(member):
                for n in range(1, 101):
                    member.say(n, "%s %d" % (member.client, n))
                member.until(lambda: len(member.heard) == 800 and len(member.acks) == 100)

            threads = [threading.Thread(target=talk, args=(one,)) for one in members]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
            first = members[0].ordered()[0]["id"]
            for one in members:
                self.assertEqual(one.ordered(), members[0].ordered())
                one.close()
            self.assertEqual([one["id"] for one in members[0].ordered()],
                             list(range(first, first + 800)))

    def test_stop(self):
        """What was confirmed has been heard by all, though the server stops in the midst of it."""
        with Wye(config=CONFIG) as wye:
            members = [Member(wye, "m%d" % i) for i in range(6)]

            def talk(member):
                n = 0
                while True:
                    n += 1
                    member.say(n, "%s %d" % (member.client, n))
                    while len(member.acks) < n:
                        if not member.next():
                            return

            threads = [threading.Thread(target=talk, args=(one,)) for one in members]
            for one in threads:
                one.start()
            wait_for("the talk", lambda: len(members[0].acks) > 100)
            wye.process.send_signal(signal.SIGTERM)
            for one in threads:
                one.join()
            for one in members:
                one.sock.sendall(frame(8, b"\x03\xe9"))
                self.assertEqual(one.ordered(), members[0].ordered())
                own = [said["n"] for said in one.ordered() if said["c"] == one.client]
                self.assertEqual(own, list(range(1, len(own) + 1)))
                self.assertIn(len(own) - len(one.acks), (0, 1))
                one.close()
            self.assertEqual(wye.process.wait(20), 0)


if __name__ == "__main__":
    if not os.path.exists(os.path.join(PLUGINS, "chat.so")):
        print("SKIP: wye was built without jansson")
        sys.exit(77)
    main()
