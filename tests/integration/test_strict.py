#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The table of framing.py against a running daemon, over plain TCP and over TLS 1.2 and 1.3.

Each row is sent on a fresh connection, on one that was used, and right behind another request,
whole and in pieces, as a plain request and as an Upgrade. A refusal ends the connection, and nothing behind it is served: each
request has another right behind it, in the same segment or record, or in the next one."""

import collections
import os
import random
import re
import socket
import ssl
import struct
import unittest

import grammar
from certificates import Site
from crowd import carry_on, patiently
from framing import HELLO, REST, ROWS, request
from wye import (SANITIZED, Wye, close_code, frame, is_closed, main, read_frame, read_head,
                 security_part, upgrade)

OPEN, MORE, ENDED, TORN = "still open", "more answers", "closed", "closed without close_notify"
WAIT = 60 if SANITIZED else 20
PATIENCE = 3 if SANITIZED else 1  # with what may have no answer
MARKER = b"GET /marker HTTP/1.1\r\nHost: localhost\r\n\r\n"
# Which lane, behind other requests that were answered, cut how, which of the rows.
Way = collections.namedtuple("Way", "upgrade kept how every", defaults=(False, "whole", 1))
WAYS = []  # of all tests here


def parse(data, ended):
    """The final answers in data, as (status, body); an incomplete one only at the end."""
    answers = []
    while data:
        head, found, rest = data.partition(b"\r\n\r\n")
        match = re.match(rb"HTTP/1\.[01] (\d\d\d) ", head)
        if not found or not match:
            return answers + [(-1, data)] if ended or (found and not match) else answers
        status = int(match.group(1))
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        size = int(length.group(1)) if length else 0
        if len(rest) < size and not ended:
            return answers
        if status >= 200 or status == 101:
            answers.append((status, rest[:size]))
        data = b"" if status == 101 else rest[size:]
    return answers


def send(sock, pieces):
    for piece in pieces:
        while piece:
            try:
                sent = yield from patiently(sock, sock.send, piece)
            except (ConnectionError, ssl.SSLError):
                return  # refused before its end: what was answered is still there
            piece = piece[sent:]


def receive(sock, enough):
    """What comes until the end, until so many answers, or until nothing comes."""
    data = b""
    while True:
        end = ENDED
        try:
            piece = yield from patiently(sock, sock.recv, 65536)
        except TimeoutError:
            return parse(data, True), OPEN
        except ConnectionError:
            piece = b""
        except ssl.SSLError:
            piece, end = b"", TORN
        data += piece
        answers = parse(data, not piece)
        if not piece:
            return answers, end
        if len(answers) >= enough or any(status == 101 for status, _ in answers):
            return answers, MORE


def cut(data, marker, name, how):
    """Into what is sent one by one, `marker` behind it."""
    if how == "whole":
        return [data + marker]
    if how == "behind":
        return [REST + data + marker]
    if how == "next":
        return [data, marker]
    if how == "bytes" and len(data) < 500:
        return [data[i:i + 1] for i in range(len(data) - 1)] + [data[-1:] + marker]
    chance = random.Random(name)
    places = sorted(chance.randrange(1, len(data)) for _ in range(6))
    pieces = [data[i:j] for i, j in zip([0] + places, places + [len(data)]) if i < j]
    return pieces[:-1] + [pieces[-1] + marker]


def problem(one, upgrade, answers, end):
    """What is wrong with what came, or None."""
    expected = one.upgraded if upgrade else one.expected
    if not answers:
        return "no answer, %s" % end
    status, body = answers[0]
    if status not in expected:
        return "answered %s, expected %s" % (status, ", ".join(map(str, sorted(expected))))
    if status == 101:
        return None
    if status == 200 and one.text not in body:
        return "body %r" % body
    then = one.then or ("kept" if status < 300 else "closed")
    if upgrade and one.then == "closed" and status >= 400:
        then = "either"
    served = len(answers) > 1 and answers[1][0] == 404
    if then == "kept" and not served:
        return "the request behind it was not served: %r, %s" % (answers[1:], end)
    if then == "closed" and len(answers) > 1:
        return "%d, but something behind it was answered: %r" % (status, answers[1:])
    if then == "closed" and end != ENDED:
        return "%d, but %s" % (status, end)
    if then == "either" and not served and (end == OPEN or len(answers) > 1):
        return "%d, then %r, %s" % (status, answers[1:], end)
    return None


def is_slow(one):
    """It is waited for, until its time is over."""
    return 408 in one.expected


def sent(way):
    """A test that sends the table this way."""
    WAYS.append(way)
    return lambda self: self.table(way)


class Tables:
    listen = ""
    step = 1

    def connect(self, wye):
        """A connection that does not block; more of it may still be to do."""
        sock = socket.create_connection(("127.0.0.1", wye.port), WAIT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        return sock

    def exchange(self, wye, one, way):
        expected = one.upgraded if way.upgrade else one.expected
        harmless = one.then == "either" or min(expected) < 300
        marker = (b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n"
                  % (b"next" if harmless else b"marker"))
        enough = 1 if one.then == "either" and 101 in expected else 2
        with self.connect(wye) as sock:
            for _ in range(2 if way.kept else 0):
                yield from send(sock, [REST])
                answers, _ = yield from receive(sock, 1)
                if answers != [(200, HELLO)]:
                    return "a good request before it was answered %r" % answers
            yield from send(sock, cut(request(way.upgrade, **one.parts),
                                      b"" if 101 in expected else marker, one.name, way.how))
            if way.how == "behind":
                answers, end = yield from receive(sock, enough + 1)
                if answers[:1] != [(200, HELLO)]:
                    return "the request before it was answered %r" % answers[:1]
                return problem(one, way.upgrade, answers[1:], end)
            answers, end = yield from receive(sock, enough)
            return problem(one, way.upgrade, answers, end)

    def check(self, pairs, top):
        """Each row, sent its way; then a good one."""
        with Wye(top=top, listen=self.listen) as wye:
            found = carry_on((self.exchange(wye, *pair) for pair in pairs), WAIT)
            for (one, way), wrong in zip(pairs, found):
                with self.subTest(one.name, way=way):
                    if wrong:
                        self.fail(wrong)
            self.assertEqual(carry_on([self.exchange(wye, ROWS[0], Way(False))], WAIT), [None])
            wye.wait_metric("http_connections_open", 0)
            self.assertEqual(wye.stop(), 0)
            served = [line for line in wye.access_lines() if '"GET /marker ' in line]
            self.assertEqual(served, [])

    def table(self, way):
        self.check([(one, way) for one in ROWS[::way.every * self.step]
                    if not is_slow(one)], "")

    def test_what_is_waited_for(self):
        slow = [one for one in ROWS if is_slow(one)]
        self.check([(one, way) for one in slow for way in set(WAYS)],
                   "head_timeout = {0}; body_timeout = {0};".format(5 if SANITIZED else 1))


class Plain(Tables, unittest.TestCase):
    test_fresh = sent(Way(False))
    test_fresh_upgrade = sent(Way(True))
    test_kept_alive = sent(Way(False, kept=True))
    test_kept_alive_upgrade = sent(Way(True, kept=True))
    test_behind = sent(Way(False, how="behind"))
    test_upgrade_behind = sent(Way(True, how="behind"))
    test_by_bytes = sent(Way(False, how="bytes"))
    test_in_pieces = sent(Way(False, how="pieces"))
    test_upgrade_in_pieces = sent(Way(True, how="pieces"))


class Secure(Tables):
    """Each piece is a record of its own."""
    version = None
    step = 4 if SANITIZED else 1  # handshakes are slow then

    @classmethod
    def setUpClass(cls):
        cls.site = Site()
        cls.listen = cls.site.listen
        cls.context = cls.site.context()
        cls.context.minimum_version = cls.context.maximum_version = cls.version
        cls.context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF

    def resumed(self, wye):
        """A session of this daemon: the others go on with it, which is quicker."""
        if not hasattr(wye, "session"):
            with self.site.connect(wye, context=self.context) as sock:
                sock.sendall(REST)
                sock.recv(1)
                wye.session = sock.session
        return wye.session

    def connect(self, wye):
        """An end without close_notify is an error."""
        return self.context.wrap_socket(
            super().connect(wye), server_hostname="localhost", session=self.resumed(wye),
            do_handshake_on_connect=False, suppress_ragged_eofs=False)


class Tls13(Secure, unittest.TestCase):
    version = ssl.TLSVersion.TLSv1_3
    test_fresh = sent(Way(False))
    test_fresh_upgrade = sent(Way(True))
    test_next_record = sent(Way(False, how="next"))
    test_upgrade_next_record = sent(Way(True, how="next"))
    test_by_bytes = sent(Way(False, how="bytes", every=7))
    test_upgrade_by_bytes = sent(Way(True, how="bytes", every=7))


class Tls12(Secure, unittest.TestCase):
    version = ssl.TLSVersion.TLSv1_2
    test_kept_alive = sent(Way(False, kept=True))
    test_kept_alive_upgrade = sent(Way(True, kept=True))
    test_in_pieces = sent(Way(False, how="pieces"))
    test_upgrade_in_pieces = sent(Way(True, how="pieces"))


def outcome(one, way):
    expected = one.upgraded if way.upgrade else one.expected
    served = [status < 400 for status in expected]
    return "served" if all(served) else "either" if any(served) else "refused"


class Behind(unittest.TestCase):
    """A line that the engine can't read, in one segment with what is in front of it."""
    GARBAGE = b"GARBAGE\r\n\r\n"

    def answers(self, wye, data):
        with socket.create_connection(("127.0.0.1", wye.port), WAIT) as sock:
            sock.sendall(data)
            got, end = carry_on([receive(sock, 9)], WAIT)[0]
            self.assertEqual(end, ENDED)
            return [status for status, _ in got]

    def test_one_answer(self):
        """Behind an answer that is the last one on its connection nothing is said."""
        closing = request(False, fields=b"Connection: close\r\n")
        old = request(False, version=b"HTTP/1.0")
        with Wye() as wye:
            for data, expected in ((REST, [200, 400]), (REST * 3, [200, 200, 200, 400]),
                                   (closing, [200]), (old, [200]), (REST + closing, [200, 200]),
                                   (request(False, host=b""), [400]), (b"", [400]),
                                   (request(False, target=b"/none"), [404, 400]),
                                   (request(False, version=b"HTTP/1.0", fields=b"Connection: keep-alive\r\n"),
                                    [200, 400]),
                                   (request(False, fields=b"Connection: x\r\nConnection: Close\r\n"), [200]),
                                   (request(False, fields=b"Expect: 100-continue\r\n"), [200, 400]),
                                   (upgrade(version="12"), [426, 400]),
                                   (upgrade(version="12", headers="Expect: 100-continue\r\n"), [426, 400])):
                with self.subTest(data):
                    self.assertEqual(self.answers(wye, data + self.GARBAGE), expected)
            wye.wait_metric("http_malformed_total", 9)
            wye.wait_metric("http_connections_open", 0)

    def test_frames(self):
        """What lies behind an Upgrade is no request line."""
        line = b"word\r\n"
        with Wye() as wye, \
                socket.create_connection(("127.0.0.1", wye.port), WAIT) as sock:
            sock.sendall(upgrade() + frame(1, line, mask=b"\0\0\0\0"))
            self.assertIn(" 101 ", read_head(sock))
            self.assertEqual(read_frame(sock), (1, line))
            sock.sendall(frame(8, struct.pack(">H", 1000)))
            self.assertEqual(close_code(sock), 1000)
            self.assertTrue(is_closed(sock))


class Changed(unittest.TestCase):
    """Requests of the table with random changes, judged by grammar.py: what it finds bad is refused, what it finds good is
    answered, and the daemon sees the same requests in the same bytes. WYE_LONG=yes: 30,000 of them."""
    COUNT = 30000 if os.environ.get("WYE_LONG") == "yes" else 1500
    AT_ONCE = 300

    def exchange(self, wye, data, chance):
        places = sorted(chance.randrange(1, len(data)) for _ in range(chance.choice((0, 0, 1, 3))))
        with socket.create_connection(("127.0.0.1", wye.port), WAIT) as sock:
            sock.setblocking(False)
            yield from send(sock, [data[i:j] for i, j in zip([0] + places, places + [len(data)])])
            return (yield from receive(sock, 99))

    def wrong(self, found, answers, end):
        """What is wrong with the answers, or None. One that closes hides what is behind it."""
        for number, kind in enumerate(found):
            status = answers[number][0] if number < len(answers) else None
            last = number + 1 == len(answers) and end == ENDED
            if kind == grammar.OK and status is None:
                return "no answer to request %d" % number
            if kind == grammar.OK and (last or status == 101):
                return None
            if kind == grammar.BAD and not (status and status >= 400 and last):
                return "%s for bad request %d" % (status, number)
            if kind == grammar.INCOMPLETE and status and status < 400:
                return "%d for incomplete request %d" % (status, number)
            if kind != grammar.OK:
                return None
        return "more answers" if len(answers) > len(found) else None

    def test_changed(self):
        seed = random.randrange(1 << 32)
        print("seed %d" % seed)
        chance = random.Random(seed)
        base = [data for data in (request(upgrade, **one.parts) for one in ROWS for upgrade in (False, False, True))
                if len(data) < 600]
        with Wye() as wye:
            for _ in range(self.COUNT // self.AT_ONCE):
                inputs = [chance.choice((b"", b"", REST)) + grammar.change(chance.choice(base), chance) + MARKER
                          for _ in range(self.AT_ONCE)]
                results = carry_on([self.exchange(wye, data, chance) for data in inputs], PATIENCE,
                                   self.AT_ONCE)
                for data, (answers, end) in zip(inputs, results):
                    wrong = self.wrong(grammar.read(data), answers, end)
                    self.assertIsNone(wrong, "seed %d: %r, answered %r, %s" % (seed, data, answers, end))


class Documented(unittest.TestCase):
    """What docs/security.md says of the table is what is expected here."""

    def test_summary(self):
        count = collections.Counter(outcome(one, way) for way in WAYS for one in ROWS[::way.every])
        self.assertIn("| {:,} | {:,} | {:,} | {:,} | 0 |".format(
            sum(count.values()), count["refused"], count["served"], count["either"]),
            security_part("summary"))

    def test_rows(self):
        for line in security_part("framing").splitlines()[2:]:
            form, answer, names = re.split(r"\s+\|\s+", line.strip("| "))
            allowed = set(map(int, answer.split(", ")))
            for name, whole in re.findall(r"`([^`]+)`(\$?)", names):
                with self.subTest(form, name=name):
                    rows = [one for one in ROWS if one.name.startswith(name)
                            and (not whole or one.name == name)]
                    self.assertTrue(rows)
                    for one in rows:
                        self.assertLessEqual(one.expected, allowed, one.name)

    def test_names_are_unique(self):
        seen = collections.Counter(one.name for one in ROWS)
        self.assertEqual([name for name, count in seen.items() if count > 1], [])


if __name__ == "__main__":
    main()
