#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Deferred requests and the blocking pool."""

import threading
import time
import unittest

from wye import Wye, main, read_answer, upgrade, wait_for

def request(path):
    return ("GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path).encode()


class Tickets(unittest.TestCase):
    def results(self, wye):
        return wye.get("/results").text

    def test_finished_by_another_thread(self):
        with Wye() as wye:
            socks = [wye.socket() for _ in range(50)]
            for _ in range(2):  # twice on each connection
                for sock in socks:
                    sock.sendall(request("/late"))
                for sock in socks:
                    self.assertEqual(read_answer(sock)[2], b"late\n")
            wait_for("the second tries", lambda: self.results(wye) == "100 100\n")
            for sock in socks:
                sock.close()
            self.assertEqual(wye.metrics()["rest_requests_waiting"], 0)

    def test_too_late(self):
        with Wye() as wye:
            answer = wye.get("/later")
            self.assertEqual(answer.status, 503)
            wait_for("a refused ticket", lambda: self.results(wye) == "0 1\n")
            self.assertEqual(wye.metrics()["rest_ticket_timeouts_total"], 1)

    def test_never_finished(self):
        with Wye(top="ticket_timeout = 0.3;") as wye:
            sock = wye.socket()
            for _ in range(2):
                sock.sendall(request("/silent"))
                self.assertEqual(read_answer(sock)[0], 503)
            sock.close()

    def test_client_goes_away(self):
        with Wye() as wye:
            sock = wye.socket()
            sock.sendall(request("/silent"))
            wye.wait_metric("rest_requests_waiting", 1)
            sock.close()
            wye.wait_metric("rest_requests_waiting", 0)
            wye.wait_metric("http_connections_open", 0)
            self.assertEqual(wye.metrics()["rest_requests_aborted_total"], 1)
            self.assertEqual(len(wye.wait_lines(1)), 1)

    def test_too_many_wait(self):
        with Wye(top="max_waiting = 3; #\n") as wye:
            socks = [wye.socket() for _ in range(20)]
            for sock in socks:
                sock.sendall(request("/late"))
            answers = [read_answer(sock)[0] for sock in socks]
            self.assertIn(503, answers)
            self.assertIn(200, answers)
            for sock in socks:
                sock.close()

    def test_blocking(self):
        with Wye(top="blocking_threads = 4; blocking_queue = 4;") as wye:
            socks = [wye.socket() for _ in range(12)]
            for sock in socks:
                sock.sendall(request("/block"))
            answers = [read_answer(sock)[0] for sock in socks]
            self.assertEqual(sorted(set(answers)), [200, 503])
            self.assertGreaterEqual(answers.count(200), 4)
            for sock in socks:
                sock.close()
            metrics = wye.metrics()
            self.assertEqual(metrics["blocking_refused_total"], answers.count(503))
            self.assertEqual((metrics["blocking_queued"], metrics["blocking_running"]), (0, 0))

    def test_handshakes_beside_blocked_requests(self):
        """200 requests sit in a handler of 500 ms: handshakes don't notice."""
        with Wye(top="blocking_threads = 16;") as wye:
            socks = [wye.socket() for _ in range(200)]
            for sock in socks:
                sock.sendall(request("/block"))
            times = []
            for _ in range(100):
                start = time.monotonic()
                one = wye.socket()
                one.sendall(upgrade())
                self.assertEqual(read_answer(one)[0], 101)
                times.append(time.monotonic() - start)
                one.close()
            print("handshake p99: %.2f ms" % (sorted(times)[98] * 1000))
            self.assertLess(sorted(times)[98], 0.1)  # far below 500 ms, on any machine
            readers = [threading.Thread(target=read_answer, args=(sock,)) for sock in socks]
            for one in readers:
                one.start()
            for one in readers:
                one.join()
            for sock in socks:
                sock.close()


if __name__ == "__main__":
    main()
