#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Sending from many threads while connections come and go."""

import threading
import unittest

from wye import SANITIZED, Wye, frame, main, read_frame


class Send(unittest.TestCase):
    def test_order_per_thread(self):
        count = 500
        with Wye() as wye:
            sock = wye.websocket("/flood")
            sock.sendall(frame(1, b"%d 20" % count))
            seen = {}
            for _ in range(4 * count):
                opcode, data = read_frame(sock)
                sender, number = data.split()[:2]
                self.assertEqual(int(number), seen.get(sender, -1) + 1)
                seen[sender] = int(number)
            self.assertEqual(len(seen), 4)
            sock.close()

    def test_come_and_go(self):
        rounds = 10 if SANITIZED else 40
        with Wye() as wye:
            def client():
                for i in range(rounds):
                    sock = wye.websocket("/flood")
                    sock.sendall(frame(1, b"200 100"))
                    for _ in range(i * 7):
                        read_frame(sock)
                    sock.close()

            clients = [threading.Thread(target=client) for _ in range(8)]
            for one in clients:
                one.start()
            for one in clients:
                one.join()
            wye.wait_metric("ws_connections_open", 0)
            metrics = wye.metrics()
            closed = sum(value for name, value in metrics.items() if name.startswith("ws_closed_"))
            self.assertEqual(metrics["ws_connections_opened_total"], 8 * rounds)
            self.assertEqual(closed, 8 * rounds)


if __name__ == "__main__":
    main()
