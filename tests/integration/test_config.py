#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The command line and what is said about a wrong config: all of it, each with its place."""

import os
import subprocess
import tempfile
import unittest

from wye import PLUGINS, PROGRAM, TEST_PLUGINS, main

GOOD = """listen = ( { address = "127.0.0.1"; port = 0; } );
plugin_path = "%s";
plugins = ( { load = "greeter"; }, { load = "greeter"; as = "greeter-fr"; greeting = "bonjour"; },
            { load = "echo"; } );
rest = { chain = [ "request-id" ]; routes = (
  { path = "/a/:id"; handler = "greeter"; },
  { path = "/b/*rest"; handler = "greeter-fr/greeter"; methods = [ "POST" ]; } ); };
websocket = { chain = [ "origin" ]; routes = ( { path = "/ws"; handler = "echo"; } ); };
""" % PLUGINS

BAD = [
    ('listen = ( { address = "localhost"; prot = 1; port = 70000; } );',
     'a listener has no setting "prot", did you mean "port"?'),
    ('keepalive_timout = 3;', 'the config has no setting "keepalive_timout", '
     'did you mean "keepalive_timeout"?'),
    ('http_threads = "many";', '"http_threads" must be an integer'),
    ('max_header = 100;', '"max_header" is 100; it must be 1024 to 65536 bytes'),
    ('log_level = "warn";', '"log_level" can\'t be "warn", did you mean "warning"?'),
    ('plugin_path = "%s";' % PLUGINS, None),
    ('plugins = ( { load = "greter"; },', 'cannot open shared object file: No such file or directory, did you mean "greeter"?'),
    ('  { load = "echo"; colour = 1; },', 'echo has no setting "colour"'),
    ('  { load = "greeter"; greeting = 7; },', '"greeting" must be a string'),
    ('  { load = "%s/probe.so"; as = "echo"; },' % TEST_PLUGINS,
     'there are two instances named "echo"'),
    ('  { laod = "x"; } );', 'an entry needs load = "name"'),
    ('middleware = ( { use = "acess-log"; },', 'there is no middleware "acess-log", '
     'did you mean "access-log"?'),
    ('  { use = "origin"; allow = [ "nothing" ]; } );', '"nothing" is no origin'),
    ('rest = { chain = [ "origin",', '"origin" is a WebSocket middleware; '
     'a REST middleware is needed here'),
    ('  "reqest-id" ]; routes = (', 'nothing is named "reqest-id", did you mean "request-id"?'),
    ('  { path = "a"; handler = "respond"; },', '"a": a path begins with "/"'),
    ('  { path = "/s"; handler = "respond"; status = 99; },', '"status" is 99'),
    ('  { path = "/x"; },', 'the route has no "handler"'),
    ('  { path = "/u/:id"; handler = "respond"; },', None),
    ('  { path = "/u/:name"; handler = "respond"; },',
     '"/u/:name" can\'t be told apart from "/u/:id" at '),
    ('  { path = "/m"; handler = "respond"; methods = [ "FETCH" ]; },', '"FETCH" is no method'),
    ('  { path = "/e"; handler = "echo"; },', '"echo" is a WebSocket handler; '
     'a REST handler is needed here'),
    ('  { path = "/t/*rest/x"; handler = "respond"; } ); };', '"*rest" is not at the end'),
    ('websocket = { routs = 1; };', 'websocket has no setting "routs", did you mean "routes"?'),
]


class Config(unittest.TestCase):
    def run_wye(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60)

    def check(self, text):
        with tempfile.TemporaryDirectory() as folder:
            self.path = os.path.join(folder, "wye.conf")
            with open(self.path, "w") as out:
                out.write(text)
            return self.run_wye("-t", "-c", self.path)

    def test_good(self):
        out = self.check(GOOD)
        self.assertEqual((out.returncode, out.stderr), (0, ""))
        self.assertRegex(out.stdout, r"rest +/b/\*rest +POST +greeter-fr/greeter")

    def test_all_mistakes_at_once(self):
        out = self.check("\n".join(line for line, _ in BAD))
        self.assertEqual(out.returncode, 1)
        for number, (line, sentence) in enumerate(BAD, 1):
            if sentence:
                place = "%s:%d: " % (self.path, number)
                self.assertTrue([one for one in out.stderr.splitlines()
                                 if one.startswith(place) and sentence in one],
                                "%s%s\n%s" % (place, sentence, out.stderr))

    def test_broken_plugins(self):
        sentences = ["built for plugin interface 2, this is 1", "its wye_plugin has a wrong size",
                     "handle() is missing in REST handler nothing",
                     "message() is missing in WebSocket handler nothing",
                     "it exports no symbol wye_plugin", "can't be opened: it does not want to"]
        for number, sentence in enumerate(sentences, 1):
            file = "%s/broken%d.so" % (TEST_PLUGINS, number)
            out = self.check('listen = ( { port = 0; } );\nplugins = ( { load = "%s"; } );' % file)
            self.assertEqual(out.returncode, 1)
            lines = out.stderr.splitlines()
            self.assertEqual(len(lines), 1, out.stderr)
            self.assertTrue(lines[0].startswith(self.path + ":2: "), lines)
            self.assertIn("broken%d.so" % number, lines[0])
            self.assertIn(sentence, lines[0])

    def test_addresses(self):
        out = self.check('listen = ( { address = "localhost"; port = 1; },\n'
                         '{ port = 2; trusted_proxies = [ "10.0.0.0/33" ]; } );')
        self.assertEqual(out.stderr.splitlines(), [
            self.path + ':1: "localhost" is no numeric IPv4 or IPv6 address',
            self.path + ':2: "10.0.0.0/33" is no range like "10.0.0.0/8"'])

    def test_syntax_error_alone(self):
        out = self.check("a = 1;\nb = = 2;\nnothing = 3;")
        self.assertEqual((out.returncode, out.stderr),
                         (1, self.path + ":2: syntax error near: b = = 2;\n"))
        out = self.run_wye("-t", "-c", "/nonexistent/wye.conf")
        self.assertEqual(out.returncode, 1)
        self.assertIn("/nonexistent/wye.conf: can't be read: No such file", out.stderr)

    def test_command_line(self):
        self.assertIn("libmicrohttpd", self.run_wye("-V").stdout)
        self.assertIn("usage", self.run_wye("-h").stdout)
        self.assertEqual(self.run_wye().returncode, 2)
        self.assertEqual(self.run_wye("-x").returncode, 2)

    def test_address_in_use(self):
        from wye import Wye
        with Wye() as wye:
            text = 'listen = ( { address = "127.0.0.1"; port = %d; } );' % wye.port
            with tempfile.NamedTemporaryFile("w") as out:
                out.write(text)
                out.flush()
                second = self.run_wye("-c", out.name)
            self.assertEqual(second.returncode, 3)
            self.assertIn("can't listen on 127.0.0.1:%d" % wye.port, second.stderr)


if __name__ == "__main__":
    main()
