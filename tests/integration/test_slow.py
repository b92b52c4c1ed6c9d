#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Peers that read slowly or not at all: echo loses nothing, a stuck peer is dropped, others go on."""

import socket
import threading
import unittest

from wye import Wye, frame, is_closed, main, read_frame


class Slow(unittest.TestCase):
    def test_echo_loses_nothing(self):
        count, payload = 400, b"0123456789abcdef" * 4096  # 26 MB, far above all buffers
        with Wye(route="ping_interval = 0;") as wye:
            sock = wye.websocket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            writer = threading.Thread(target=lambda: [
                sock.sendall(frame(2, b"%06d" % i + payload)) for i in range(count)])
            writer.start()
            # Nothing is read until the daemon has stopped reading, too.
            wye.wait_metric("ws_connections_open", 1)
            seen = -1
            while seen != wye.metrics()["ws_messages_in_total"]:
                seen = wye.metrics()["ws_messages_in_total"]
                writer.join(0.2)
            self.assertTrue(writer.is_alive(), "the peer was not slowed down")
            for i in range(count):
                opcode, data = read_frame(sock)
                self.assertEqual((opcode, data[:6]), (2, b"%06d" % i))
                self.assertEqual(len(data), len(payload) + 6)
            writer.join()
            self.assertEqual(wye.metrics()["ws_outbox_full_total"], 0)
            sock.close()

    def test_stuck_peer(self):
        with Wye(route="write_timeout = 1;") as wye:
            stuck, other = wye.websocket("/flood"), wye.websocket()
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stuck.sendall(frame(1, b"100 2000"))  # 0.8 MB in all: fits into the outbox
            for i in range(50):
                other.sendall(frame(1, b"%d" % i))
                self.assertEqual(read_frame(other), (1, b"%d" % i))
            while wye.metrics()["ws_connections_open"] == 2:
                other.sendall(frame(1, b"x"))
                self.assertEqual(read_frame(other), (1, b"x"))
            metrics = wye.metrics()
            self.assertEqual(metrics["ws_closed_write_stall_total"] +
                             metrics["ws_closed_handler_total"], 1)
            stuck.close()
            other.close()

    def test_slow_consumer(self):
        with Wye(route="outbox_bytes = 100000; close_timeout = 1;") as wye:
            slow = wye.websocket("/flood")
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.sendall(frame(1, b"100000 2000"))
            wye.wait_metric("ws_closed_slow_consumer_total", 1)
            self.assertTrue(is_closed(slow))
            slow.close()
            self.assertGreater(wye.metrics()["ws_outbox_full_total"], 0)

    def test_too_many_messages(self):
        with Wye(route="outbox_messages = 10; close_timeout = 1;") as wye:
            slow = wye.websocket("/flood")
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.sendall(frame(1, b"100000 10"))
            wye.wait_metric("ws_closed_slow_consumer_total", 1)
            slow.close()


if __name__ == "__main__":
    main()
