#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Frames as RFC 6455 wants them, through the running daemon; others are not disturbed."""

import struct
import unittest

from wye import Wye, close_code, frame, is_closed, main, read_frame

LIMIT = 'max_message = 1000;'
BROKEN = [
    (1002, "no mask", frame(1, b"a", mask=None)),
    (1002, "reserved bit 1", frame(1, b"a", reserved=0x40)),
    (1002, "reserved bit 3", frame(1, b"a", reserved=0x10)),
    (1002, "reserved opcode", frame(3, b"a")),
    (1002, "reserved control opcode", frame(11, b"a")),
    (1002, "long ping", frame(9, b"x" * 126)),
    (1002, "fragmented ping", frame(9, b"x", fin=False)),
    (1002, "continuation first", frame(0, b"x")),
    (1002, "text inside a message", frame(1, b"x", fin=False) + frame(1, b"y")),
    (1002, "16 bits for 5", frame(1, b"hello", length=b"\x7e\x00\x05")),
    (1002, "64 bits for 300", frame(1, b"x" * 300, length=b"\x7f" + struct.pack(">Q", 300))),
    (1002, "top bit of 64", frame(1, b"", length=b"\x7f" + struct.pack(">Q", 1 << 63))),
    (1002, "close of one byte", frame(8, b"\x03")),
    (1002, "close code 1005", frame(8, struct.pack(">H", 1005))),
    (1002, "close code 999", frame(8, struct.pack(">H", 999))),
    (1002, "close code 5000", frame(8, struct.pack(">H", 5000))),
    (1007, "close reason", frame(8, struct.pack(">H", 1000) + b"\xff")),
    (1007, "bad UTF-8", frame(1, b"ab\xc0\xafcd")),
    (1007, "surrogate", frame(1, b"\xed\xa0\x80")),
    (1007, "cut character", frame(1, b"\xe2\x82")),
    (1007, "bad UTF-8 across fragments", frame(1, b"\xe2", fin=False) + frame(0, b"\x28")),
    (1009, "too big", frame(2, b"x" * 1001)),
    (1009, "too big in all", frame(2, b"x" * 600, fin=False) + frame(0, b"x" * 401)),
]


class Frames(unittest.TestCase):
    def test_broken(self):
        with Wye(route=LIMIT) as wye:
            other = wye.websocket()
            for code, name, data in BROKEN:
                sock = wye.websocket()
                sock.sendall(data)
                self.assertEqual(close_code(sock), code, name)
                self.assertTrue(is_closed(sock), name)
                sock.close()
                other.sendall(frame(1, b"still here"))
                self.assertEqual(read_frame(other), (1, b"still here"), name)
            other.close()
            wye.wait_metric("ws_connections_open", 0)
            metrics = wye.metrics()
            self.assertEqual(metrics["ws_closed_protocol_total"], len(BROKEN) - 2)
            self.assertEqual(metrics["ws_closed_limit_total"], 2)

    def test_byte_by_byte(self):
        with Wye(route=LIMIT) as wye:
            sock = wye.websocket()
            data = (frame(1, "grün ☃".encode()[:6], fin=False) + frame(9, b"p") +
                    frame(0, "grün ☃".encode()[6:]) + frame(2, b"z" * 200))
            for byte in data:
                sock.sendall(bytes([byte]))
            self.assertEqual(read_frame(sock), (10, b"p"))
            self.assertEqual(read_frame(sock), (1, "grün ☃".encode()))
            self.assertEqual(read_frame(sock), (2, b"z" * 200))
            sock.close()

    def test_close_is_answered_and_ends(self):
        with Wye() as wye:
            for payload, code in ((struct.pack(">H", 1000) + b"bye", 1000), (b"", 1005),
                                  (struct.pack(">H", 4321), 4321)):
                sock = wye.websocket()
                sock.sendall(frame(1, b"x") + frame(8, payload) + frame(1, b"ignored"))
                self.assertEqual(read_frame(sock), (1, b"x"))
                self.assertEqual(close_code(sock), code)
                self.assertTrue(is_closed(sock))
                sock.close()
            wye.wait_metric("ws_closed_peer_total", 3)

    def test_closed_by_the_handler(self):
        with Wye() as wye:
            sock = wye.websocket("/close/x")
            sock.sendall(frame(1, b"4001 enough"))
            opcode, payload = read_frame(sock)
            self.assertEqual((opcode, payload), (8, struct.pack(">H", 4001) + b"enough"))
            sock.sendall(frame(8, payload))
            self.assertTrue(is_closed(sock))
            silent = wye.websocket("/close/x")  # one that never answers the close
            silent.sendall(frame(1, b"4002 y"))
            self.assertEqual(close_code(silent), 4002)
            self.assertTrue(is_closed(silent))
            refused = wye.websocket("/close/no")
            self.assertEqual(close_code(refused), 1008)
            refused.close()
            wye.wait_metric("ws_connections_open", 0)
            metrics = wye.metrics()
            self.assertEqual((metrics["ws_closed_handler_total"],
                              metrics["ws_closed_policy_total"]), (2, 1))
            for one in (sock, silent):
                one.close()

    def test_many_pings(self):
        with Wye() as wye:
            sock = wye.websocket()
            sock.sendall(frame(9, b"p") * 2000)
            for _ in range(2000):
                self.assertEqual(read_frame(sock), (10, b"p"))
            sock.close()


if __name__ == "__main__":
    main()
