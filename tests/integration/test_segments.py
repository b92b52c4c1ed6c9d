#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Frames, legal and not, plain and compressed, cut into two segments at every byte: the running
daemon gives the same answer however they come (RFC 6455, 5 to 7; RFC 7692). A first piece may be in
one segment with the Upgrade, though no client should send it so early (4.1)."""

import socket
import struct
import threading
import unittest

import test_deflate
import test_frames
from framing import REST
from wye import (Wye, close_code, frame, is_closed, main, read_answer, read_frame, read_head,
                 upgrade)

RSV1 = test_deflate.RSV1
HELLO = test_deflate.HELLO
CODE = struct.pack(">H", 1000)
LIMIT = "max_message = 1000;"
SNOW = "grün ☃ 𝄞".encode()

# What comes back before the close that each row ends with.
LEGAL = [
    ("empty", frame(1), [(1, b"")]),
    ("two messages", frame(1, b"a") + frame(2, b"\xff\x00"), [(1, b"a"), (2, b"\xff\x00")]),
    ("16 bits", frame(2, b"x" * 126), [(2, b"x" * 126)]),
    ("up to the limit", frame(2, b"x" * 1000), [(2, b"x" * 1000)]),
    ("no mask but zeros", frame(1, b"abc", mask=bytes(4)), [(1, b"abc")]),
    ("fragments", frame(1, SNOW[:3], fin=False) + frame(0, SNOW[3:9], fin=False) +
     frame(0, SNOW[9:]), [(1, SNOW)]),
    ("empty fragments", frame(2, b"", fin=False) + frame(0, b"", fin=False) + frame(0, b"z"),
     [(2, b"z")]),
    ("ping", frame(9, b"p" * 125), [(10, b"p" * 125)]),
    ("pings between fragments", frame(1, b"a", fin=False) + frame(9, b"1") + frame(0, b"b", fin=False)
     + frame(9) + frame(0, b"c"), [(10, b"1"), (10, b""), (1, b"abc")]),
    ("pongs that nobody asked for", frame(10, b"17") + frame(10) + frame(1, b"a"), [(1, b"a")]),
]
COMPRESSED = [
    ("Hello", frame(1, HELLO, reserved=RSV1), [(1, b"Hello")]),
    ("in fragments", frame(1, HELLO[:3], fin=False, reserved=RSV1) + frame(9, b"p") +
     frame(0, HELLO[3:]), [(10, b"p"), (1, b"Hello")]),
    ("plain between compressed", frame(1, HELLO, reserved=RSV1) + frame(1, b"plain") +
     frame(2, HELLO, reserved=RSV1), [(1, b"Hello"), (1, b"plain"), (2, b"Hello")]),
    ("stored", frame(2, b"\x00\x05\x00\xfa\xffHello\x00", reserved=RSV1), [(2, b"Hello")]),
    ("a last block", frame(1, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", reserved=RSV1), [(1, b"Hello")]),
    ("two blocks", frame(1, b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", reserved=RSV1),
     [(1, b"Hello")]),
]
CLOSES = [(1000, frame(8, CODE + b"bye")), (1005, frame(8)), (4000, frame(8, struct.pack(">H", 4000)))]


def cuts(data):
    """Every byte of what is short; of what is long, all that isn't within a payload's middle."""
    return [at for at in range(1, len(data)) if at <= 80 or at >= len(data) - 40 or at % 97 == 0]


class Segments(unittest.TestCase):
    def each_cut(self, wye, data, judge, headers=""):
        """The first segments have been read when a message behind them is answered by each loop:
        of two connections, one after the other, each goes to the loop that has fewer."""
        guards = [wye.websocket(), wye.websocket()]
        todo = [data[:at] for at in cuts(data)] or [b""]
        for start in range(0, len(todo), 100):
            firsts = todo[start:start + 100]
            socks = [wye.websocket(headers=headers) for _ in firsts]
            for sock, first in zip(socks, firsts):
                sock.sendall(first)
            for guard in guards:
                guard.sendall(frame(2, b"behind"))
                self.assertEqual(read_frame(guard), (2, b"behind"))
            for sock, first in zip(socks, firsts):
                try:
                    sock.sendall(data[len(first):])
                except (BrokenPipeError, ConnectionResetError):
                    pass  # it was wrong already
                judge(sock, len(first))
                sock.close()
        for guard in guards:
            guard.close()

    def check_broken(self, rows, route, headers=""):
        with Wye(route=route) as wye:
            for code, name, data in rows:
                def judge(sock, at):
                    if name == "no context is kept":  # it is seen in the second message
                        self.assertEqual(read_frame(sock), (2, b"Hello"))
                    self.assertEqual(close_code(sock), code, (name, at))
                    self.assertTrue(is_closed(sock), (name, at))
                self.each_cut(wye, data, judge, headers)

    def check_legal(self, rows, route, headers="", read=read_frame):
        with Wye(route=route) as wye:
            for number, (name, data, answers) in enumerate(rows):
                code, close = CLOSES[number % len(CLOSES)]

                def judge(sock, at):
                    for answer in answers:
                        self.assertEqual(read(sock), answer, (name, at))
                    self.assertEqual(close_code(sock), code, (name, at))
                    self.assertTrue(is_closed(sock), (name, at))
                self.each_cut(wye, data + close, judge, headers)

    def test_behind_the_head(self):
        """On a fresh connection, and behind another request."""
        with Wye(route=LIMIT) as wye:
            for name, data, answers in LEGAL:
                for at in [len(data)] + cuts(data)[:12]:
                    for first in (b"", REST):
                        with socket.create_connection(("127.0.0.1", wye.port), 20) as sock:
                            sock.sendall(first + upgrade() + data[:at])
                            if first:
                                self.assertEqual(read_answer(sock)[0], 200)
                            self.assertIn(" 101 ", read_head(sock))
                            sock.sendall(data[at:] + CLOSES[0][1])
                            for answer in answers:
                                self.assertEqual(read_frame(sock), answer, (name, at))
                            self.assertEqual(close_code(sock), 1000, (name, at))
                            self.assertTrue(is_closed(sock), (name, at))

    def test_many_behind_the_head(self):
        """More than one read takes: the rest comes in its order."""
        with Wye(route=LIMIT) as wye, wye.socket() as sock:
            sender = threading.Thread(target=sock.sendall, args=(
                upgrade() + b"".join(frame(2, b"%d" % i) for i in range(5000)),))
            sender.start()
            self.assertIn(" 101 ", read_head(sock))
            for i in range(5000):
                self.assertEqual(read_frame(sock), (2, b"%d" % i))
            sender.join()

    def test_a_client_that_leaves_behind_the_head(self):
        """What it said is received; then its end is seen."""
        with Wye(route=LIMIT) as wye:
            for _ in range(20):
                with socket.create_connection(("127.0.0.1", wye.port), 20) as sock:
                    sock.sendall(upgrade() + frame(1, b"a"))
            wye.wait_metric("ws_connections_opened_total", 20)
            wye.wait_metric("ws_connections_open", 0)
            wye.wait_metric("ws_messages_in_total", 20)

    def test_broken(self):
        self.check_broken(test_frames.BROKEN, LIMIT)

    def test_legal(self):
        self.check_legal(LEGAL, LIMIT)

    def test_broken_compressed(self):
        self.check_broken([row[:3] for row in test_deflate.BROKEN if len(row[2]) < 4000],
                          LIMIT + " deflate = true;", test_deflate.offer(test_deflate.NAME))

    def test_compressed(self):
        self.check_legal(COMPRESSED, LIMIT + " deflate = true;",
                         test_deflate.offer(test_deflate.NAME), test_deflate.read_message)


if __name__ == "__main__":
    main()
