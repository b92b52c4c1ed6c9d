#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A secret is planted wherever clients may put one: it is in no log, whatever became of them."""

import os
import tempfile
import unittest

from wye import (PLUGINS, TEST_PLUGINS, Wye, check_config, close_code, frame, main, read_answer,
                 upgrade, wait_for)

SECRET = "pl4nted"
FORMATS = ("combined", "extended", "json")
CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; }} );
plugin_path = "{plugins}"; http_threads = 1; stream_loops = 1; log_level = "debug";
max_target = 2000; head_timeout = 1; log_redact = [ {names} ];
plugins = ( {{ load = "echo"; }}, {{ load = "timing"; slow = 0.0; }},
            {{ load = "{probe}"; as = "probe"; }} );
middleware = ( {{ use = "access-log"; as = "combined"; file = "{folder}/combined"; }},
               {{ use = "access-log"; as = "extended"; file = "{folder}/extended";
                  format = "extended"; }},
               {{ use = "access-log"; as = "json"; file = "{folder}/json"; format = "json"; }} );
rest = {{
  chain = [ "request-id", "combined", "extended", "json", "timing" ];
  routes = ( {{ path = "/hello"; handler = "respond"; body = "hello\\n"; }},
             {{ path = "/silent"; handler = "probe/silent"; ticket_timeout = 0.1; }} );
}};
websocket = {{
  chain = [ "request-id", "combined", "extended", "json", "origin" ];
  routes = ( {{ path = "/ws"; handler = "echo"; max_message = 100; }} );
}};
"""
QUERIES = ["token=%s", "a=b&access_token=%s&c=d", "ACCES%%73_Token=%s", "%%74%%6f%%6B%%65n=%s",
           "api_key=%s&api_key=%s", "password=%s=%s", "client_secret=?%s", "x-pin=%s", "My+pin=%s",
           "my%%20pin=%s"]
FIELDS = ("Authorization: Bearer %s\r\nCookie: session=%s\r\nX-Api-Key: %s\r\nX-Pin: %s\r\n"
          "Proxy-Authorization: Basic %s\r\nReferer: https://me:%s@a.example/b?Token=%s&c=d\r\n"
          "User-Agent: u\r\n").replace("%s", SECRET)


def config(folder, names='"X-Pin", "my pin"'):
    return CONFIG.format(folder=folder, names=names, plugins=PLUGINS,
                         probe=os.path.join(TEST_PLUGINS, "probe.so"))


class Redact(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.count = 0

    def tearDown(self):
        self.folder.cleanup()

    def read(self, name):
        with open(os.path.join(self.folder.name, name), encoding="utf-8") as text:
            return text.read()

    def send(self, wye, line, status, fields=FIELDS):
        sock = wye.socket()
        sock.sendall(("%s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (line, fields)).encode())
        self.assertEqual(read_answer(sock)[0], status, line)
        sock.close()
        self.count += 1

    def handshake(self, wye, path, fields=FIELDS):
        self.count += 1
        return wye.websocket(path, fields)

    def requests(self, wye, query):
        self.send(wye, "GET /hello?" + query, 200)
        self.send(wye, "GET /nowhere?" + query, 404)
        self.send(wye, "DELETE /hello?" + query, 405)
        self.send(wye, "GET http://me:%s@a/hello?%s" % (SECRET, query), 400)
        self.send(wye, "GET http://a/hello?" + query, 200)
        self.send(wye, "GET /hello?%s&x=%s" % (query, "x" * 3000), 414)
        self.send(wye, "GET hello?" + query, 400)
        self.send(wye, "GET /hello?" + query, 417, FIELDS + "Expect: the-unexpected\r\n")
        self.send(wye, "GET /hello?" + query, 431, FIELDS + "X: %s\r\n" % ("x" * 9000))

    def unlucky(self, wye):
        self.send(wye, "GET /silent?token=" + SECRET, 503)
        slow = wye.socket()  # its head never ends
        slow.sendall(("GET /hello?token=%s HTTP/1.1\r\nCookie: %s" % (SECRET, SECRET)).encode())
        self.assertEqual(read_answer(slow)[0], 408)
        slow.close()
        self.count += 1

    def connections(self, wye, query):
        for data, code in ((frame(8, b"\x03\xe8"), 1000), (frame(1, b"x" * 101), 1009),
                           (frame(3), 1002)):
            sock = self.handshake(wye, "/ws?" + query)
            sock.sendall(data)
            self.assertEqual(close_code(sock), code)
            sock.close()
        for path, fields, status in (("/ws?", "Origin: http://evil\r\n", 403), ("/none?", "", 404)):
            sock = wye.socket()
            sock.sendall(upgrade(path + query, FIELDS + fields))
            self.assertEqual(read_answer(sock)[0], status)
            sock.close()
            self.count += 1

    def logs(self, wye):
        for name in FORMATS:
            wait_for("%d lines in %s" % (self.count, name),
                     lambda: self.read(name).count("\n") >= self.count)
        wye.metrics()
        return {**{name: self.read(name) for name in FORMATS}, "stderr": wye.stderr()}

    def test_nowhere(self):
        with Wye(config=config(self.folder.name)) as wye:
            for query in QUERIES:
                query = query.replace("%%", "%").replace("%s", SECRET)
                self.requests(wye, query)
                self.connections(wye, query)
            self.unlucky(wye)
            logs = self.logs(wye)
        for name, text in logs.items():
            self.assertNotIn(SECRET, text, name)
        for name in FORMATS:
            self.assertIn("/hello?a=b&access_token=***&c=d", logs[name])
            self.assertIn("/ws?a=b&access_token=***&c=d", logs[name])
            self.assertIn("/hello?ACCES%73_Token=***", logs[name])
            self.assertIn("https://***@a.example/b?Token=***&c=d", logs[name])
        self.assertIn("slow: /hello?token=*** took", logs["stderr"])

    def test_what_is_no_secret_is_shown(self):
        with Wye(config=config(self.folder.name)) as wye:
            for query in ("tokens=1&toke=2&x=token=3", "token=", "token", "pin=5"):
                self.send(wye, "GET /hello?" + query, 200, "Referer: http://a/?b=c\r\n")
            logs = self.logs(wye)
        for name in FORMATS:
            for shown in ("/hello?tokens=1&toke=2&x=token=3", "/hello?token=", "/hello?token",
                          "/hello?pin=5", "http://a/?b=c"):
                self.assertIn(shown, logs[name])
            self.assertNotIn("***", logs[name])

    def test_whole_fields(self):
        with Wye(config=config(self.folder.name, '"referer", "user-agent"')) as wye:
            self.send(wye, "GET /hello", 200, "Referer: http://a/b\r\nUser-Agent: agent\r\n")
            self.send(wye, "GET /hello", 200, "")
            self.handshake(wye, "/ws", "Referer: http://a/b\r\nUser-Agent: agent\r\n").close()
            logs = self.logs(wye)
        for name in FORMATS:
            self.assertNotRegex(logs[name], "agent\\b(?!\")|http://a/b")
            self.assertEqual(logs[name].count("***"), 4)
        self.assertIn('"referer":null', logs["json"])

    def test_bad_settings(self):
        for names, sentence in (('""', "empty name"), ("1", "log_redact")):
            status, text = check_config(config(self.folder.name, names))
            self.assertEqual(status, 1)
            self.assertRegex(text, r"wye\.conf:4: .*" + sentence)


if __name__ == "__main__":
    main()
