#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Stopping: what runs is finished, WebSockets hear 1001, the exit status tells what was cut."""

import re
import signal
import unittest

from wye import (PATIENCE, Wye, close_code, frame, is_closed, main, read_answer, read_frame,
                 wait_for)

REST = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"


class Stop(unittest.TestCase):
    def test_gentle(self):
        with Wye() as wye:
            idle, running, ws = wye.socket(), wye.socket(), wye.websocket()
            idle.sendall(REST)
            self.assertEqual(read_answer(idle)[0], 200)
            running.sendall(b"GET /block HTTP/1.1\r\nHost: a\r\n\r\n")
            wye.wait_metric("rest_requests_waiting", 1)
            wye.process.send_signal(signal.SIGTERM)
            self.assertEqual(close_code(ws), 1001)
            ws.sendall(frame(8, b"\x03\xe9"))
            self.assertTrue(is_closed(ws))
            self.assertTrue(is_closed(idle))
            status, head, body = read_answer(running)
            self.assertEqual((status, body), (200, b"blocked\n"))
            self.assertRegex(head, "(?i)connection: close")
            self.assertEqual(wye.process.wait(PATIENCE), 0)
            self.assertRegex(wye.stderr(), r"stopped: 3 connections finished, 0 cut\n$")
            self.assertEqual(len(wye.access_lines()), 3)
            for one in (idle, running, ws):
                one.close()

    def test_cut(self):
        with Wye(top="drain_timeout = 0.3; ticket_timeout = 100;", expect=4) as wye:
            sock, deaf = wye.socket(), wye.websocket()
            sock.sendall(b"GET /silent HTTP/1.1\r\nHost: a\r\n\r\n")
            wye.wait_metric("rest_requests_waiting", 1)
            self.assertEqual(wye.stop(), 4)
            self.assertRegex(wye.stderr(), r"stopped: 0 connections finished, 2 cut\n$")
            self.assertEqual(len(wye.access_lines()), 2)
            self.assertEqual(close_code(deaf), 1001)
            sock.close()
            deaf.close()

    def test_cut_while_steps_block(self):
        with Wye(top="drain_timeout = 0.1; blocking_threads = 1;", expect=4) as wye:
            socks = [wye.socket() for _ in range(4)]
            for sock in socks:  # one runs for half a second, three are queued
                sock.sendall(b"GET /block HTTP/1.1\r\nHost: a\r\n\r\n")
            wye.wait_metric("rest_requests_waiting", 4)
            self.assertEqual(wye.stop(), 4)
            self.assertEqual(len(wye.access_lines()), 4)
            for sock in socks:
                sock.close()

    def test_second_signal(self):
        with Wye(top="drain_timeout = 100; ticket_timeout = 100;", expect=4) as wye:
            sock = wye.socket()
            sock.sendall(b"GET /silent HTTP/1.1\r\nHost: a\r\n\r\n")
            wye.wait_metric("rest_requests_waiting", 1)
            wye.process.send_signal(signal.SIGINT)
            wait_for("the stop", lambda: "stopping" in wye.stderr())
            wye.process.send_signal(signal.SIGINT)
            self.assertEqual(wye.process.wait(PATIENCE), 4)
            sock.close()

    def test_delay_and_spread(self):
        with Wye(top="drain_delay = 0.5; drain_spread = 0.5;") as wye:
            socks = [wye.websocket() for _ in range(20)]
            wye.process.send_signal(signal.SIGTERM)
            wait_for("the stop", lambda: "stopping" in wye.stderr())
            self.assertEqual(wye.get("/hello").status, 200)  # still accepting
            socks[0].sendall(frame(1, b"x"))
            self.assertEqual(read_frame(socks[0]), (1, b"x"))
            for sock in socks:
                self.assertEqual(close_code(sock), 1001)
                sock.sendall(frame(8, b"\x03\xe9"))
            self.assertEqual(wye.process.wait(PATIENCE), 0)
            self.assertTrue(re.search(r"stopped: 20 connections finished, 0 cut", wye.stderr()))
            for sock in socks:
                sock.close()


if __name__ == "__main__":
    main()
