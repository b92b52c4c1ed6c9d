#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compressed messages (RFC 7692) through the running daemon: a client that others wrote, with all
parameters; raw frames that break a rule; bombs."""

import asyncio
import itertools
import random
import re
import unittest
import zlib

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from wye import (SANITIZED, Wye, close_code, frame, is_closed, main, read_answer, read_exactly,
                 upgrade)

OFF, ON = "", "deflate = true;"
KEEP = ON + " deflate_context_takeover = true;"
NAME = "permessage-deflate"
ALWAYS = NAME + "; server_no_context_takeover"
ALONE = ALWAYS + "; client_no_context_takeover"
TAIL = b"\x00\x00\xff\xff"
RSV1 = 0x40
ANSWERS = [
    (OFF, NAME, None), (OFF, "(", None), (ON, "", None), (ON, NAME, ALONE),
    (ON, "foo, %s; client_max_window_bits" % NAME, ALONE),
    (ON, "%s; server_max_window_bits=8" % NAME, None),
    (ON, "%s; server_max_window_bits=8, %s; server_max_window_bits=9" % (NAME, NAME),
     ALONE + "; server_max_window_bits=9"),
    (ON, "%s; nonsense" % NAME, None), (KEEP, NAME, ALWAYS),
    (KEEP, "%s; client_no_context_takeover" % NAME, ALONE),
    (KEEP, "%s; client_max_window_bits=10" % NAME, ALWAYS + "; client_max_window_bits=10"),
]


def deflate(data, level=6):
    """The payload of a message by itself."""
    one = zlib.compressobj(level, zlib.DEFLATED, -15)
    data = one.compress(data) + one.flush(zlib.Z_SYNC_FLUSH)
    assert data.endswith(TAIL)
    return data[:-4]


def bomb(megabytes):
    """Zeros that become so many megabytes; what a flush ends can be said again."""
    one = zlib.compressobj(9, zlib.DEFLATED, -15)
    return ((one.compress(bytes(1 << 20)) + one.flush(zlib.Z_FULL_FLUSH)) * megabytes)[:-4]


def offer(value):
    return "Sec-WebSocket-Extensions: %s\r\n" % value


def read_message(sock):
    """Opcode and payload of a server's message, inflated if it is compressed."""
    first, length = read_exactly(sock, 2)
    if length > 125:
        length = int.from_bytes(read_exactly(sock, 2 if length == 126 else 8), "big")
    data = read_exactly(sock, length)
    if first & RSV1:
        data = zlib.decompressobj(-15).decompress(data + TAIL)
    return first & 0x0F, data


HELLO = deflate(b"Hello")
LIMIT = " max_message = 1000;"
BROKEN = [
    (1002, "on a ping", frame(9, b"", reserved=RSV1)),
    (1002, "on a pong", frame(10, b"", reserved=RSV1)),
    (1002, "on a close", frame(8, b"", reserved=RSV1)),
    (1002, "on a continuation", frame(1, HELLO[:3], fin=False, reserved=RSV1) +
     frame(0, HELLO[3:], reserved=RSV1)),
    (1002, "on a plain one's continuation", frame(1, b"a", fin=False) + frame(0, b"b", reserved=RSV1)),
    (1002, "reserved bit 2", frame(1, HELLO, reserved=0x60)),
    (1002, "reserved bit 3", frame(1, HELLO, reserved=0x10)),
    (1007, "a reserved block", frame(2, b"\x06", reserved=RSV1)),
    (1007, "cut", frame(2, HELLO[:-2], reserved=RSV1)),
    (1007, "bytes behind it", frame(2, HELLO + b"abc", reserved=RSV1)),
    (1007, "no context is kept", frame(2, HELLO, reserved=RSV1) +
     frame(2, b"\xf2\x00\x11\x00\x00", reserved=RSV1)),
    (1007, "no UTF-8", frame(1, deflate(b"ab\xc0\xafcd"), reserved=RSV1)),
    (1009, "inflates beyond the limit", frame(2, deflate(b"a" * 1001), reserved=RSV1)),
    (1009, "in fragments", frame(2, deflate(b"a" * 9999)[:5], fin=False, reserved=RSV1) +
     frame(0, deflate(b"a" * 9999)[5:])),
    (1009, "is beyond the limit itself", frame(2, b"x" * 2000, reserved=RSV1)),
]


def texts():
    draw = random.Random(7692)
    words = ["wye", "route", "grün", "☃", " ", "{}", "price", "1234567"]
    for length in (0, 1, 20, 127, 128, 1000, 20000):
        yield "".join(draw.choice(words) for _ in range(length))
    yield draw.randbytes(5000)
    yield bytes(300000)


async def converse(url, factory):
    """Sends each message whole, then in fragments. Returns what the server has answered."""
    async with websockets.connect(url, extensions=[factory], max_size=None) as client:
        for data in texts():
            await client.send(data)
            assert await client.recv() == data
            await client.send([data[:7], data[7:8], data[8:]])
            assert await client.recv() == data
        return client.response_headers.get("Sec-WebSocket-Extensions")


class Deflate(unittest.TestCase):
    def test_answers(self):
        for route, rows in itertools.groupby(ANSWERS, lambda row: row[0]):
            with Wye(route=route) as wye:
                for _, offered, answer in rows:
                    with wye.socket() as sock:
                        sock.sendall(upgrade(headers=offer(offered)))
                        status, head, _ = read_answer(sock)
                        found = re.search(r"\r\nSec-WebSocket-Extensions: (.*)\r\n", head)
                        self.assertEqual(status, 101, offered)
                        self.assertEqual(found and found.group(1), answer, offered)

    def test_several_lines(self):
        with Wye(route=ON) as wye, wye.socket() as sock:
            sock.sendall(upgrade(headers=offer(NAME + "; x") + offer(NAME)))
            self.assertIn(ALONE + "\r\n", read_answer(sock)[1])

    def test_refused(self):
        with Wye(route=ON) as wye:
            for path, headers, expected in (("/ws", offer(NAME + ";"), 400),
                                            ("/ws", offer(NAME) + offer('a; b="c'), 400),
                                            ("/nowhere", offer(NAME), 404)):
                with wye.socket() as sock:
                    sock.sendall(upgrade(path, headers))
                    status, head, _ = read_answer(sock)
                    self.assertEqual(status, expected, headers)
                    self.assertNotIn("Extensions", head)

    def check_client(self, route):
        with Wye(route=route + " max_message = 400000;") as wye:
            for server, client, ours, theirs in itertools.product(
                    (False, True), (False, True), (None, 8, 9, 12, 15), (None, True, 9, 12, 15)):
                answer = asyncio.run(converse(wye.url(), ClientPerMessageDeflateFactory(
                    server, client, ours, theirs)))
                if ours == 8:
                    self.assertIsNone(answer)
                    continue
                self.assertIn("server_no_context_takeover", answer)
                self.assertEqual("client_no_context_takeover" in answer,
                                 client or route == ON)
                self.assertEqual("server_max_window_bits=%s" % ours in answer, bool(ours))

    def test_client(self):
        self.check_client(ON)

    def test_client_keeps_its_context(self):
        self.check_client(KEEP)

    def test_broken(self):
        with Wye(route=ON + LIMIT) as wye:
            other = wye.websocket(headers=offer(NAME))
            for code, name, data in BROKEN:
                sock = wye.websocket(headers=offer(NAME))
                sock.sendall(data)
                if name == "no context is kept":
                    self.assertEqual(read_message(sock), (2, b"Hello"))
                self.assertEqual(close_code(sock), code, name)
                self.assertTrue(is_closed(sock), name)
                sock.close()
                other.sendall(frame(1, deflate(b"still here"), reserved=RSV1))
                self.assertEqual(read_message(other), (1, b"still here"), name)
            other.close()
            wye.wait_metric("ws_connections_open", 0)
            metrics = wye.metrics()
            limits = sum(1 for row in BROKEN if row[0] == 1009)
            self.assertEqual(metrics["ws_closed_limit_total"], limits)
            self.assertEqual(metrics["ws_closed_protocol_total"], len(BROKEN) - limits)

    def test_not_negotiated(self):
        for route, headers in ((OFF, offer(NAME)), (ON, ""), (ON, offer(NAME + "; x"))):
            with Wye(route=route) as wye, wye.websocket(headers=headers) as sock:
                sock.sendall(frame(1, HELLO, reserved=RSV1))
                self.assertEqual(close_code(sock), 1002)
                self.assertTrue(is_closed(sock))

    def test_byte_by_byte(self):
        with Wye(route=ON) as wye, wye.websocket(headers=offer(NAME)) as sock:
            data = (frame(1, HELLO[:2], fin=False, reserved=RSV1) + frame(9, b"p") +
                    frame(0, HELLO[2:]) + frame(2, b"plain"))
            for byte in data:
                sock.sendall(bytes([byte]))
            self.assertEqual(read_message(sock), (10, b"p"))
            self.assertEqual(read_message(sock), (1, b"Hello"))
            self.assertEqual(read_message(sock), (2, b"plain"))

    def test_a_slow_reader_loses_nothing(self):
        """The echo takes no message while its outbox is full: it comes again, inflated once."""
        for route in (ON, KEEP):
            with Wye(route=route + " outbox_bytes = 20000;") as wye, \
                    wye.websocket(headers=offer(NAME)) as sock:
                draw = random.Random(1)
                one = zlib.compressobj(6, zlib.DEFLATED, -15)
                sent, data = [], b""
                for _ in range(300):
                    sent.append(draw.randbytes(20) * 450 + draw.randbytes(500))
                    payload = (one.compress(sent[-1]) + one.flush(
                        zlib.Z_SYNC_FLUSH if route == KEEP else zlib.Z_FULL_FLUSH))
                    data += frame(2, payload[:-4], reserved=RSV1)
                sock.sendall(data)
                for message in sent:
                    self.assertEqual(read_message(sock), (2, message))

    def peak(self, wye):
        with open("/proc/%d/status" % wye.process.pid) as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1))

    def test_bomb(self):
        with Wye(route=ON) as wye:
            data = frame(2, bomb(1000), reserved=RSV1)  # a gigabyte in a megabyte
            self.assertLess(len(data), 1100000)
            before = None
            for _ in range(8):
                with wye.websocket(headers=offer(NAME)) as sock:
                    sock.sendall(data)
                    self.assertEqual(close_code(sock), 1009)
                    self.assertTrue(is_closed(sock))
                before = before or self.peak(wye)
            if not SANITIZED:
                self.assertLess(self.peak(wye) - before, 4096)
                self.assertLess(before, 40000)
            wye.wait_metric("ws_closed_limit_total", 8)


if __name__ == "__main__":
    main()
