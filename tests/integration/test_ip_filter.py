#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Clients pass or not by their address, on both lanes, behind a proxy as well."""

import os
import subprocess
import tempfile
import unittest

from wye import PLUGINS, PROGRAM, Wye, main, read_answer, upgrade

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; trusted_proxies = [ "127.0.0.1/32" ]; }} );
plugin_path = "{plugins}"; log_level = "debug"; http_threads = 2; stream_loops = 1;
plugins = ( {{ load = "echo"; }} );
middleware = ( {{ use = "ip-filter"; {filter} }} );
rest = {{ chain = [ "ip-filter" ]; routes = ( {{ path = "/"; handler = "respond"; body = "in\\n"; }} ); }};
websocket = {{ chain = [ "ip-filter" ]; routes = ( {{ path = "/ws"; handler = "echo"; }} ); }};
"""


def config(text):
    return CONFIG.format(plugins=PLUGINS, filter=text)


class IpFilter(unittest.TestCase):
    def rest(self, wye, client):
        return wye.get("/", headers={"X-Forwarded-For": client} if client else {}).status

    def websocket(self, wye, client):
        field = "X-Forwarded-For: %s\r\n" % client if client else ""
        with wye.socket() as sock:
            sock.sendall(upgrade("/ws", field))
            return read_answer(sock)[0]

    def check(self, text, passing, refused):
        with Wye(config=config(text)) as wye:
            for client in passing:
                self.assertEqual((self.rest(wye, client), self.websocket(wye, client)),
                                 (200, 101), client)
            for client in refused:
                self.assertEqual((self.rest(wye, client), self.websocket(wye, client)),
                                 (403, 403), client)
            self.assertEqual(wye.metrics()["ip_filter_refused_total"], 2 * len(refused))

    def test_a_white_list(self):
        self.check('allow = [ "10.0.0.0/8", "2001:db8::/32" ];',
                   ["10.1.2.3", "2001:db8::1", "::ffff:10.1.2.3"],
                   [None, "11.0.0.1", "2001:db9::1", "::ffff:11.0.0.1"])

    def test_a_black_list(self):
        self.check('deny = [ "10.0.0.0/8", "2001:db8::/32" ];',
                   [None, "11.0.0.1", "2001:db9::1"],
                   ["10.1.2.3", "2001:db8::1", "1.1.1.1, 10.1.2.3"])

    def test_deny_wins(self):
        self.check('allow = [ "10.0.0.0/8" ]; deny = [ "10.1.0.0/16", "0.0.0.0/32" ];',
                   ["10.2.0.1"], ["10.1.0.1", "1.1.1.1", None])

    def test_long_lists(self):
        ranges = ", ".join('"10.%d.%d.0/25"' % (i >> 8, i & 255) for i in range(10000))
        self.check("allow = [ %s ];" % ranges, ["10.0.0.1", "10.39.15.127"],
                   ["10.0.0.128", "10.39.15.128", "10.39.16.0", None])

    def test_the_text_of_a_refusal(self):
        with Wye(config=config('deny = [ "127.0.0.1" ];')) as wye:
            answer = wye.get("/")
            self.assertEqual((answer.status, answer.text), (403, "address not allowed\n"))

    def test_bad_configs(self):
        for text, word in (
                ('allow = [ "10.0.0.1/8" ];', "bits set behind its prefix"),
                ('deny = [ "10.0.0.0/8", "fd00::/129" ];', '"fd00::/129" is no range'),
                ('deny = [ "localhost" ];', '"localhost" is no range'),
                ("allow = [ ];", '"allow" is empty'),
                ('allow = [ ]; deny = [ "::1" ];', '"allow" is empty'),
                ("deny = [ ];", 'needs "allow" or "deny"'),
                ("", 'needs "allow" or "deny"')):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "wye.conf")
                with open(path, "w") as out:
                    out.write(config(text))
                done = subprocess.run([PROGRAM, "-t", "-c", path], capture_output=True, text=True)
                self.assertNotEqual(done.returncode, 0, text)
                self.assertRegex(done.stderr, r"wye\.conf:\d+: .*" + word.replace("(", r"\("))


if __name__ == "__main__":
    main()
