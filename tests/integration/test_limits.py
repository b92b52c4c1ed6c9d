#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Limits of connections and of descriptors; how connections spread over threads."""

import os
import re
import resource
import socket
import unittest

from wye import Wye, check_config, main, read_answer, wait_for

REST = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"


def cpu(pid):
    with open("/proc/%d/stat" % pid) as text:
        fields = text.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Limits(unittest.TestCase):
    def refused(self, wye, source=None):
        sock = wye.socket(source)
        status, head, _ = read_answer(sock)
        sock.close()
        self.assertEqual(status, 503)
        self.assertIn("Retry-After: ", head)

    def test_in_all(self):
        with Wye(top="max_connections = 5;") as wye:
            held = [wye.websocket()] + [wye.socket() for _ in range(4)]
            wye.wait_metric("connections_accepted_total", 5)
            self.refused(wye)
            held.pop().close()
            wye.wait_metric("http_connections_open", 3)
            self.assertEqual(wye.get("/hello").status, 200)
            held[0].close()  # a WebSocket counts too, and gives its place back
            wye.wait_metric("ws_connections_open", 0)
            again = [wye.socket(), wye.socket()]
            wye.wait_metric("http_connections_open", 5)
            self.assertEqual(wye.metrics()["connections_refused_full_total"], 1)
            for one in held + again:
                one.close()

    def test_per_address(self):
        with Wye(top="max_connections_per_address = 2;",
                 listen='trusted_proxies = [ "127.0.0.9/32" ];') as wye:
            held = [wye.websocket(), wye.socket()]
            wye.wait_metric("connections_accepted_total", 2)
            self.refused(wye)
            other = wye.socket("127.0.0.2")
            other.sendall(REST)
            self.assertEqual(read_answer(other)[0], 200)
            proxies = [wye.socket("127.0.0.9") for _ in range(5)]
            for one in proxies:
                one.sendall(REST)
                self.assertEqual(read_answer(one)[0], 200)
            held[0].close()
            wye.wait_metric("ws_connections_open", 0)
            self.assertEqual(wye.get("/hello").status, 200)
            self.assertEqual(wye.metrics()["connections_refused_address_total"], 1)
            for one in held + proxies + [other]:
                one.close()

    def test_out_of_descriptors(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (150, 150))

        with Wye(top="max_connections = 1000;", before=few) as wye:
            held = []
            while wye.metrics()["accept_no_descriptor_total"] == 0 and len(held) < 300:
                held += [wye.socket() for _ in range(10)]
            before = cpu(wye.process.pid)
            seen = wye.metrics()["accept_no_descriptor_total"]
            wait_for("some more tries", lambda: wye.socket() and
                     wye.metrics()["accept_no_descriptor_total"] > seen + 3)
            self.assertLess(cpu(wye.process.pid) - before, 0.5)  # it does not spin
            lines = wye.stderr().count("no descriptor left")
            self.assertTrue(1 <= lines <= 5, lines)
            for one in held:
                one.close()
            wait_for("recovery", lambda: self.works(wye))

    def works(self, wye):
        try:
            return wye.get("/hello").status == 200
        except OSError:
            return False

    def test_several_listeners(self):
        text = ('listen = ( { address = "127.0.0.1"; port = 0; }, { address = "::1"; port = 0; },\n'
                '           { port = 0; } );  http_threads = 3;\n'
                'middleware = ( { use = "access-log"; file = "/dev/null"; } );\n'
                'rest = { routes = ( { path = "/hello"; handler = "respond"; } ); };')
        with Wye(config=text) as wye:
            wait_for("three listeners", lambda: wye.stderr().count("\n") == 3)
            ports = [int(line.rsplit(":", 1)[1]) for line in wye.stderr().splitlines()]
            for host, port in (("127.0.0.1", ports[0]), ("::1", ports[1]), ("127.0.0.1", ports[2]),
                               ("::1", ports[2])):
                sock = socket.create_connection((host, port), 20)
                sock.sendall(REST)
                self.assertEqual(read_answer(sock)[0], 200, (host, port))
                sock.close()

    def test_most_listeners(self):
        """Of each a client is accepted, whichever threads wake up for them all at once."""
        text = ('listen = ( %s );  http_threads = 3; \n'
                'rest = { routes = ( { path = "/hello"; handler = "respond"; } ); };')
        listener = '{ address = "127.0.0.1"; port = 0; }'
        status, errors = check_config(text % ", ".join([listener] * 65))
        self.assertEqual(status, 1)
        self.assertIn(":1: 65 listeners; at most 64", errors)
        with Wye(config=text % ", ".join([listener] * 64)) as wye:
            wait_for("64 listeners", lambda: wye.stderr().count("listening on") == 64)
            ports = [int(port) for port in re.findall(r"listening on \S+:(\d+)", wye.stderr())]
            for _ in range(3):
                socks = [socket.create_connection(("127.0.0.1", port), 20) for port in ports]
                for sock in socks:
                    sock.sendall(REST)
                for sock in socks:
                    self.assertEqual(read_answer(sock)[0], 200)
                    sock.close()

    def test_deferred_accept(self):
        """A silent connection is not accepted at once, one that speaks is."""
        text = ('listen = ( { address = "127.0.0.1"; port = 0; } );\n'
                'rest = { routes = ( { path = "/hello"; handler = "respond"; } ); };')
        with Wye(config=text) as wye:
            silent = wye.socket()
            self.assertEqual(wye.get("/hello").status, 200)
            self.assertEqual(wye.metrics()["connections_accepted_total"], 1)
            silent.sendall(REST)
            self.assertEqual(read_answer(silent)[0], 200)
            silent.close()

    def test_spread(self):
        text = ('listen = ( { address = "127.0.0.1"; port = 0; backlog = 2000; defer_accept = false; } );\n'
                'http_threads = 4; stream_loops = 1;\n'
                'rest = { routes = ( { path = "/hello"; handler = "respond"; } ); };')
        with Wye(config=text) as wye:
            held = [wye.socket() for _ in range(1000)]
            wye.wait_metric("http_connections_open", 1000)
            metrics = wye.metrics()
            counts = [metrics["http_connections_open_%d" % i] for i in range(4)]
            self.assertEqual(sum(counts), 1000)
            for count in counts:
                self.assertTrue(200 <= count <= 300, counts)
            for one in held:
                one.close()
            wye.wait_metric("http_connections_open", 0)


if __name__ == "__main__":
    main()
