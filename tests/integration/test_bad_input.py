#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What no client should send: answered as the RFCs say, and nobody else notices."""

import socket
import time
import unittest

from wye import Wye, is_closed, main, read_answer, wait_for

TIMES = "head_timeout = 0.6; body_timeout = 0.6; keepalive_timeout = 1.2;"
REST = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"


class BadInput(unittest.TestCase):
    def answer(self, wye, data):
        sock = wye.socket()
        sock.sendall(data)
        answer = read_answer(sock)
        sock.close()
        return answer[0]

    def alive(self, wye):
        self.assertEqual(wye.get("/hello").status, 200)

    def test_targets(self):
        with Wye() as wye:
            for target in ("/%", "/%zz", "/a%0", "/hello%00", "/api/users/%00"):
                self.assertEqual(self.answer(wye, ("GET %s HTTP/1.1\r\nHost: a\r\n\r\n"
                                                   % target).encode()), 400, target)
            self.alive(wye)
            self.assertEqual(len(wye.wait_lines(6)), 6)

    def test_lines_of_refusals(self):
        """In the log, as no chain has seen them."""
        rows = ((b"GARBAGE\r\n\r\n", "400 bad request line"),
                (b"GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n", "400 bad Host"),
                (b"GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "400 bad Content-Length"),
                (b"GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", "505 HTTP/1.0 and HTTP/1.1 only"))
        with Wye() as wye:
            for data, line in rows:
                self.answer(wye, data)
                wait_for(line, lambda: " info 127.0.0.1 was refused: %s\n" % line in wye.stderr())

    def test_large_heads(self):
        with Wye() as wye:
            large = b"GET /hello HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 65536 + b"\r\n\r\n"
            self.assertEqual(self.answer(wye, large), 431)
            for size in range(500, 14000, 333):  # many of the shortest fields that there are
                head = b"GET /hello HTTP/1.1\r\nHost: a\r\n" + b"A:b\r\n" * (size // 5) + b"\r\n"
                self.assertIn(self.answer(wye, head), (200, 431), size)
            for size in range(7000, 9000, 50):  # a few long ones, about the limit
                head = b"GET /hello HTTP/1.1\r\nHost: a\r\nA: " + b"x" * size + b"\r\n\r\n"
                self.assertEqual(self.answer(wye, head), 200 if len(head) <= 8192 else 431, size)
            self.alive(wye)

    def test_truncated_head(self):
        with Wye(top=TIMES) as wye:
            for part in (b"", b"GET", b"GET /hello HTT", b"GET /hello HTTP/1.1\r\nHost: a\r\nX:"):
                sock = wye.socket()
                start = time.monotonic()
                sock.sendall(part)
                status = read_answer(sock)[0]
                self.assertEqual(status, 408 if part else 0, part)
                self.assertLess(time.monotonic() - start, 5)
                self.assertTrue(is_closed(sock))
                sock.close()
            self.alive(wye)
            wye.wait_metric("http_connections_open", 0)

    def test_slow_head_on_a_kept_alive_connection(self):
        with Wye(top=TIMES) as wye:
            sock = wye.socket()
            sock.sendall(REST)
            self.assertEqual(read_answer(sock)[0], 200)
            sock.sendall(b"GET /he")
            self.assertEqual(read_answer(sock)[0], 408)
            sock.close()
            idle = wye.socket()
            idle.sendall(REST)
            self.assertEqual(read_answer(idle)[0], 200)
            self.assertEqual(read_answer(idle)[0], 0)  # closed without a word
            idle.close()

    def test_slow_body(self):
        with Wye(top=TIMES) as wye:
            sock = wye.socket()
            sock.sendall(b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            self.assertEqual(read_answer(sock)[0], 408)
            sock.close()
            self.assertIn(" 408 ", wye.wait_lines(1)[0])
            self.alive(wye)

    def test_refused_by_the_engine(self):
        """Each request that has a line gets one in the log."""
        with Wye() as wye:
            bad = [b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
                   b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"]
            for data in bad:
                self.assertEqual(self.answer(wye, data), 400)
            self.assertEqual(len(wye.wait_lines(len(bad))), len(bad))
            for data in (b"\x16\x03\x01\x02\x00\x01", b"\r\n\r\n\r\n", b"GET\r\n\r\n", b"\0" * 100):
                sock = wye.socket()
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
                self.assertTrue(is_closed(sock))
                sock.close()
            self.alive(wye)
            wye.wait_metric("http_connections_open", 0)

    def test_pipelined(self):
        with Wye() as wye:
            sock = wye.socket()
            sock.sendall(REST * 50)
            for _ in range(50):
                self.assertEqual(read_answer(sock)[0], 200)
            sock.close()


if __name__ == "__main__":
    main()
