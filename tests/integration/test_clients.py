#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Who the client is: X-Forwarded-For and Forwarded, of trusted proxies only, on both lanes."""

import json
import re
import socket
import tempfile
import unittest

from wye import Wye, main, read_answer, upgrade, wait_for

CONFIG = """
listen = ( {listeners} );
http_threads = 1; stream_loops = 1; log_level = "debug"; plugin_path = "{plugins}";
plugins = ( {{ load = "echo"; }} );
middleware = ( {{ use = "access-log"; file = "{log}"; format = "json"; }} );
rest = {{ chain = [ "access-log" ]; routes = ( {{ path = "/"; handler = "respond"; }} ); }};
websocket = {{ chain = [ "access-log" ]; routes = ( {{ path = "/"; handler = "echo"; }} ); }};
"""
LISTEN = '{{ address = "127.0.0.1"; port = 0; defer_accept = false; {} }}'
TRUST = 'trusted_proxies = [ "127.0.0.0/8", "10.0.0.0/8", "2001:db8:1::/48" ]; '
RFC7239 = TRUST + 'forwarded_header = "Forwarded"; '
PEER = "127.0.0.1"

# Values of X-Forwarded-For fields, and who the client is.
CHAINS = [
    ([], PEER), ([""], PEER), (["192.0.2.1"], "192.0.2.1"),
    (["192.0.2.1, 198.51.100.2"], "198.51.100.2"),  # the right one is the proxy's word
    (["192.0.2.1, 10.1.2.3"], "192.0.2.1"),
    (["192.0.2.1,10.1.2.3 ,\t10.4.5.6"], "192.0.2.1"),
    (["9.9.9.9, 192.0.2.1, 10.1.2.3, 2001:db8:1::5"], "192.0.2.1"),
    (["10.1.1.1, 10.2.2.2"], "10.1.1.1"),  # all are trusted: the farthest
    (["192.0.2.1, , 10.1.2.3,,"], "192.0.2.1"),
    (["192.0.2.1", "10.1.2.3"], "192.0.2.1"),  # repeated fields are one list
    (["10.1.2.3", "192.0.2.1"], "192.0.2.1"),
    (["9.9.9.9", "192.0.2.1, 10.1.2.3", "10.4.5.6"], "192.0.2.1"),
    (["192.0.2.1, nonsense"], PEER), (["192.0.2.1, unknown, 10.1.2.3"], "10.1.2.3"),
    (["192.0.2.1", "nonsense", "10.1.2.3"], "10.1.2.3"),
    (["192.0.2.256"], PEER), (["1.2.3"], PEER), (["1.2.3.4.5"], PEER), (["0x7f.1.1.1"], PEER),
    (["192.0.2.1 198.51.100.2"], PEER), (["x" * 500], PEER), (["192.0.2.1;"], PEER),
    (["-"], PEER), (["%31.2.3.4"], PEER), (["[]"], PEER), (["["], PEER), (["]"], PEER), (['"'], PEER),
    (['""'], PEER), ([":"], PEER), ([":80"], PEER), (["fe80::1%lo"], PEER),
    (["192.0.2.1:8080"], "192.0.2.1"), (["2001:DB8::7"], "2001:db8::7"),
    (["[2001:db8::7]"], "2001:db8::7"), (["[2001:db8::7]:443"], "2001:db8::7"),
    (['"[2001:db8::7]:443"'], "2001:db8::7"), (["::ffff:192.0.2.1"], "192.0.2.1"),
    (["192.0.2.1, ::ffff:10.1.2.3"], "192.0.2.1"), (["2001:db8:2::1, 2001:db8:1::1"], "2001:db8:2::1"),
]
FORWARDED = [
    ([], PEER), (["for=192.0.2.1"], "192.0.2.1"), (["For=192.0.2.1;proto=https"], "192.0.2.1"),
    (["proto=https; FOR=192.0.2.1 ;by=10.0.0.1"], "192.0.2.1"),
    (['for="[2001:db8::7]:4711"'], "2001:db8::7"), (['for="192.0.2.1:80"'], "192.0.2.1"),
    (["for=192.0.2.1, for=198.51.100.2"], "198.51.100.2"),
    (["for=192.0.2.1, for=10.1.2.3;by=10.0.0.1"], "192.0.2.1"),
    (["for=192.0.2.1", "for=10.1.2.3"], "192.0.2.1"),
    (["for=192.0.2.1, proto=http"], PEER),  # that hop does not say for whom
    (["for=192.0.2.1, for=_hidden, for=10.1.2.3"], "10.1.2.3"),
    (["for=192.0.2.1, for=unknown"], PEER), (["192.0.2.1"], PEER), (["for="], PEER),
    (["for"], PEER), (["=192.0.2.1"], PEER), (["xfor=192.0.2.1"], PEER), ([";;;"], PEER),
    (['for="192.0.2.1'], PEER), (['by="a;for=192.0.2.1"'], PEER), (["for=192.0.2.1;for=9.9.9.9"], "192.0.2.1"),
    # What a client said may stand in quotes.
    (['for=192.0.2.1;host="x,for=9.9.9.9;y"'], "192.0.2.1"),
    (['host="x;for=9.9.9.9;y";for=192.0.2.1'], "192.0.2.1"),
    (['host="x\\",for=9.9.9.9;y";for=192.0.2.1'], "192.0.2.1"),
    (['for=192.0.2.1;host="x\\\\"'], "192.0.2.1"), (['by="a;for=192.0.2.1;b"'], PEER),
    (['for="x, for=192.0.2.1'], "192.0.2.1"), (['for=9.9.9.9;host="', "for=192.0.2.1"], "192.0.2.1"),
    (["for=192.0.2.1, , for=10.1.2.3,"], "192.0.2.1"),
]


class Site(Wye):
    def __init__(self, *listeners):
        from wye import PLUGINS
        self.logs = tempfile.TemporaryDirectory()
        log = self.logs.name + "/log"
        super().__init__(config=CONFIG.format(
            plugins=PLUGINS, log=log, listeners=", ".join(LISTEN.format(one) for one in listeners)))
        self.log = log
        self.seen = 0

    def __exit__(self, kind, value, trace):
        super().__exit__(kind, value, trace)
        self.logs.cleanup()

    def clients(self, count):
        """(lane, client) of the next lines."""
        lines = [json.loads(line) for line in self.wait_lines(self.seen + count)[self.seen:]]
        self.seen += count
        return [(line["lane"], line["client"]) for line in lines]

    def rest(self, fields, sock):
        sock.sendall(("GET / HTTP/1.1\r\nHost: a\r\n%s\r\n" % fields).encode())
        assert read_answer(sock)[0] == 200

    def refused(self, fields, sock):
        """An upgrade that ends at once, so that it is logged at once."""
        sock.sendall(upgrade("/none", fields))
        assert read_answer(sock)[0] == 404

    def connect(self, port=None):
        return socket.create_connection(("127.0.0.1", port or self.port), 20)


def fields_of(name, values):
    return "".join("%s: %s\r\n" % (name, value) for value in values)


class Clients(unittest.TestCase):
    def check(self, listener, name, table):
        with Site(listener) as site, site.connect() as sock:
            wanted = []
            for values, client in table:
                fields = fields_of(name, values)
                site.rest(fields, sock)  # each request of a connection has its own client
                site.refused(fields, sock)
                wanted += [("rest", client), ("websocket", client)]
            for (values, _), *pair in zip(table, *[iter(zip(wanted, site.clients(len(wanted))))] * 2):
                for expected, got in pair:
                    self.assertEqual(got, expected, values)

    def test_x_forwarded_for(self):
        self.check(TRUST, "X-Forwarded-For", CHAINS)
        self.check(TRUST, "x-forwarded-FOR", CHAINS[:6])

    def test_forwarded(self):
        self.check(RFC7239, "Forwarded", FORWARDED)
        self.check(RFC7239, "fORWARDED", FORWARDED[:4])

    def ignored(self, table):
        return [(values, PEER) for values, _ in table]

    def test_the_other_field_is_ignored(self):
        self.check(TRUST, "Forwarded", self.ignored(FORWARDED))
        self.check(RFC7239, "X-Forwarded-For", self.ignored(CHAINS))

    def test_untrusted_peer(self):
        self.check("", "X-Forwarded-For", self.ignored(CHAINS))
        self.check('trusted_proxies = [ "127.0.0.2", "10.0.0.0/8" ];', "X-Forwarded-For",
                   self.ignored(CHAINS))
        self.check('trusted_proxies = [ "10.0.0.0/8" ]; forwarded_header = "Forwarded";',
                   "Forwarded", self.ignored(FORWARDED))

    def test_open_websocket(self):
        """The line of an accepted one, at its close, too."""
        with Site(TRUST) as site:
            sock = site.websocket("/", "X-Forwarded-For: 192.0.2.1\r\n", site.connect())
            sock.close()
            self.assertEqual(site.clients(1), [("websocket", "192.0.2.1")])

    def test_two_listeners(self):
        with Site("", TRUST, RFC7239) as site:
            ports = wait_for("the listeners", lambda: (
                lambda found: found if len(found) == 3 else None)(
                    re.findall(r"listening on \S+:(\d+)", site.stderr())))
            both = fields_of("X-Forwarded-For", ["192.0.2.1"]) + fields_of("Forwarded", ["for=192.0.2.2"])
            for port, client in zip(ports, (PEER, "192.0.2.1", "192.0.2.2")):
                with site.connect(int(port)) as sock:
                    site.rest(both, sock)
                    site.refused(both, sock)
                self.assertEqual(site.clients(2), [("rest", client), ("websocket", client)])

    def test_bad_requests_too(self):
        """What is refused before its fields are known is the peer's."""
        with Site(TRUST) as site, site.connect() as sock:
            sock.sendall(b"GET /% HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
            self.assertEqual(read_answer(sock)[0], 400)
            self.assertIn(site.clients(1)[0][1], (PEER, "192.0.2.1"))


if __name__ == "__main__":
    main()
