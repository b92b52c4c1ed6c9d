#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The command line and what is said about a wrong config: all of it, each with its place."""

import os
import re
import resource
import subprocess
import tempfile
import unittest

from wye import PLUGINS, PROGRAM, SANITIZED, TEST_PLUGINS, main

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
    ('max_header = 100;', '"max_header" is 100; it must be 2048 to 65536 bytes'),
    ('max_body = 5000000000000000L;',
     '"max_body" is 5000000000000000; it must be 0 to 1000000000000000 bytes'),
    ('head_timeout = 0.05;', '"head_timeout" is 0.05; it must be 0.1 to 3600 seconds'),
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

LISTEN = 'listen = ( { address = "127.0.0.1"; port = 0; } );\n'
ROUTE = 'rest = { routes = ( { path = "%s"; handler = "respond"; %s } ); };\n'
REST = LISTEN + ROUTE % ("/", "")

# Text, line of the mistake, what is said behind "syntax error".
SYNTAX = [
    ("a = 1;\nb = = 2;\n", 2, "near: b = = 2;"),
    ("a = 1;\n b = tru;\t\n", 2, "near: b = tru;"),
    ('a = 1;\nb = "x;\nc = 2;\n', 2, 'near: b = "x; (the string has no closing quote)'),
    ('a = "x;\nb = "y";\nc = "z";\n', 1, 'near: a = "x; (the string has no closing quote)'),
    ('a = "x;\nb = "y;\n', 2, 'near: b = "y; (a string that begins in line 1 ends here)'),
    ("a = 1;\n/* b = 2;\n", 2, 'near: /* b = 2; (the comment has no "*/")'),
    ("a = 1;\nb = ( { c = 1;\nd = 2;\n", 4,
     'at the end of the file (the "{" of line 2 is not closed)'),
    ("a = {\n b = ( 1, 2 };\n", 2, 'near: b = ( 1, 2 }; ("}" inside the "(" of line 2)'),
    ("a = [ 1, 2;\n", 1, 'near: a = [ 1, 2; (";" inside the "[" of line 1)'),
    ("a = 1;\n};\n", 2, 'near: }; (no bracket is open for this "}")'),
    ("a = 1;\nb = 2; a = 3;\n", 2, 'near: b = 2; a = 3; ("a" is already set)'),
    ('a = { b = "c = 1"; c = 2;\nc = 3; };\n', 2, 'near: c = 3; }; ("c" is already set)'),
    ('a = [ 1, "x" ];\n', 1,
     'near: a = [ 1, "x" ]; (the elements of [ ] must be of one type; ( ) takes any)'),
    ("a = 1;\nb =\n", 3, "at the end of the file"),
    ("a = @ \x1bc \u009b \x7f;\n", 1, "near: a = @ ?c ?? ?;"),
    ("a = @ %s;\n" % ("\u00e4" * 80), 1, "near: a = @ %s..." % ("\u00e4" * 54)),
    ("a = 1;\n@include plain.conf\n", 2, "near: @include plain.conf"),
    ('a = 1;\n@include "open.conf\n', 2,
     'near: @include "open.conf (the file\'s name has no closing quote)'),
]


# Thirty kinds of mistakes: lines of a config, each with what is said about it, or None.
THIRTY = [
    ('keepalive_timout = 3;', 'the config has no setting "keepalive_timout", '
     'did you mean "keepalive_timeout"?'),
    ('http_threads = "many";', '"http_threads" must be an integer'),
    ('max_header = 100;', '"max_header" is 100; it must be 2048 to 65536 bytes'),
    ('head_timeout = 0.05;', '"head_timeout" is 0.05; it must be 0.1 to 3600 seconds'),
    ('log_level = "warn";', '"log_level" can\'t be "warn", did you mean "warning"?'),
    ('plugin_path = "%s";' % PLUGINS, None),
    ('listen = ( {', 'a listener has no "port", "unix" or "inherit"'),
    ('  prot = 80;', 'a listener has no setting "prot", did you mean "port"?'),
    ('  address = "localhost";', '"localhost" is no numeric IPv4 or IPv6 address'),
    ('  trusted_proxies = [ "10.0.0.0/33" ]; } );', '"10.0.0.0/33" is no range like "10.0.0.0/8"'),
    ('plugins = ( { load = "echo"; }, { load = "greeter"; },', None),
    ('  { load = "%s/tell.so"; as = "tell"; },' % TEST_PLUGINS, None),
    ('  { load = "greter"; },', 'can\'t load plugin "greter": %s/greter.so: cannot open shared '
     'object file: No such file or directory, did you mean "greeter"?' % PLUGINS),
    ('  { load = "greeter"; as = "b"; greetings = "x"; },', 'b has no setting "greetings", '
     'did you mean "greeting"?'),
    ('  { load = "greeter"; as = "c"; greeting = 7; },', '"greeting" must be a string'),
    ('  { laod = "x"; } );', 'an entry needs load = "name"'),
    ('middleware = ( { use = "acess-log"; },', 'there is no middleware "acess-log", '
     'did you mean "access-log"?'),
    ('  { use = "request-id"; as = "greeter"; },', 'there are two instances named "greeter"; '
     'give one another name by as = "..."'),
    ('  { use = "origin"; as = "o";', None),
    ('    allow = [ "nothing" ]; } );', '"nothing" is no origin like "https://app.example.org"'),
    ('rest = { chain = [ "access-log", "request-id",', None),
    ('  "reqest-id",', 'nothing is named "reqest-id", did you mean "request-id"?'),
    ('  "origin",', '"origin" is a WebSocket middleware; a REST middleware is needed here'),
    ('  "request-id" ]; routes = (', '"request-id" is in the chain twice'),
    ('  { path = "/:a"; handler = "respond"; },', None),
    ('  { prefix = "/in"; skip = [ "request-id",', None),
    ('      "acces-log" ];', 'there is no "acces-log" to skip in the inherited chain, '
     'did you mean "access-log"?'),
    ('    redirect_slah = true;', 'a group has no setting "redirect_slah", '
     'did you mean "redirect_slash"?'),
    ('    routes = (', None),
    ('      { path = "/s"; handler = "respond"; stats = 200; },', 'the route has no setting "stats", '
     'did you mean "status"?'),
    ('      { path = "/m"; handler = "respond"; methods = [ "FETCH" ]; },', '"FETCH" is no method: '
     'GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS'),
    ('      { path = "/w"; handler = "echo"; },', '"echo" is a WebSocket handler; '
     'a REST handler is needed here'),
    ('      { path = "/n"; },', 'the route has no "handler"'),
    ('      { path = "a"; handler = "respond"; host = "b:1"; } ); },',
     '"b:1" is no host like "api.example.org" or "*.example.org"'),
    ('  { prefix = "api/";', '"api/" is no prefix like "/api": a slash in front, none at the end, '
     'no "*"'),
    ('    routes = ( { path = "/:c"; handler = "respond"; }, { path = "/:d"; handler = "respond"; }',
     None),
    ('    ); },', None),
    ('  { path = "/:b"; handler = "respond"; } ); };', '"/:b" can\'t be told apart from "/:a" at '
     'FOLDER/wye.conf:25'),
    ('websocket = { chain = [ "tell" ]; routes = (', '"tell" is a REST middleware; '
     'a WebSocket middleware is needed here'),
    ('  { path = "/*rest/x"; handler = "echo"; } ); };', '"/*rest/x": "*rest" is not at the end'),
]

# A REST or WebSocket section each, in a config of their own: what is said, with the line.
ROUTES = [
    ('rest = { routes = (\n{ path = "/a%"; handler = "respond"; } ); };',
     (2, '"/a%": a "%" needs two hexadecimal digits, and %00 is no path')),
    ('rest = { routes = (\n{ path = "/a%00"; handler = "respond"; } ); };',
     (2, '"/a%00": a "%" needs two hexadecimal digits, and %00 is no path')),
    ('rest = { routes = ( {\npath = "/a?b"; handler = "respond"; } ); };',
     (2, '"/a?b": a path has no blanks, control bytes, "?" or "#"')),
    ('rest = { routes = (\n{ path = "a"; handler = "respond"; } ); };',
     (2, '"a": a path begins with "/"')),
    ('rest = { routes = (\n{ path = "/../a"; handler = "respond"; } ); };',
     (2, '"/../a": a path with dot segments is never requested')),
    ('rest = { routes = (\n{ path = "/:/a"; handler = "respond"; } ); };',
     (2, '"/:/a": a parameter has no name')),
    ('rest = { routes = (\n{ prefix = "/:a"; routes = (\n'
     '{ path = "/:a"; handler = "respond"; } ); } ); };',
     (3, '"/:a/:a": two parameters are named "a"')),
    ('rest = { routes = (\n{ path = "%s"; handler = "respond"; } ); };'
     % "".join("/:%d" % i for i in range(17)),
     (2, '"%s": more than 16 parameters' % "".join("/:%d" % i for i in range(17)))),
    ('rest = { routes = (\n{ prefix = "/:a"; routes = (\n{ prefix = "/b"; routes = (\n'
     '{ path = "/c"; handler = "respond"; } ); } ); },\n'
     '{ prefix = "/:x/b"; routes = (\n{ path = "/c"; handler = "respond"; } ); } ); };',
     (6, '"/:x/b/c" can\'t be told apart from "/:a/b/c" at FOLDER/wye.conf:4')),
    ('websocket = { chain = [ "origin" ]; routes = (\n{ path = "/:a"; handler = "echo"; },\n'
     '{ prefix = "/:b"; routes = ( ); }, { routes = (\n{ path = "/:b"; handler = "echo"; } ); } ); };',
     (4, '"/:b" can\'t be told apart from "/:a" at FOLDER/wye.conf:2')),
    ('rest = { routes = (\n{ host = "*.a.b"; routes = (\n{ path = "/c"; handler = "respond"; },\n'
     '{ path = "/c"; handler = "respond"; host = "*.A.b"; } ); } ); };',
     (4, '"/c" can\'t be told apart from "/c" at FOLDER/wye.conf:3')),
    ('rest = { routes = (\n{ host = "*"; prefix = "/p"; routes = (\n'
     '{ path = "/c"; handler = "respond"; },\n{ path = "/c"; handler = "respond"; } ); } ); };',
     (2, '"*" is no host like "api.example.org" or "*.example.org"')),
    ('rest = { routes = (\n{ prefix = "/a/*b"; routes = (\n{ path = "/c"; handler = "respond"; }'
     ' ); } ); };',
     (2, '"/a/*b" is no prefix like "/api": a slash in front, none at the end, no "*"')),
    ('rest = { routes = (\n{ prefix = "/a b"; routes = (\n{ path = "/c"; handler = "respond"; },\n'
     '{ path = "/d"; handler = "respond"; } ); } ); };',
     (2, '"/a b": a path has no blanks, control bytes, "?" or "#"')),
    ('rest = { routes = (\n{ prefix = "/a"; routs = ( ); } ); };',
     (2, 'a group has no setting "routs", did you mean "routes"?')),
    ('rest = { routes = (\n{ prefix = "/a"; path = "/b"; routes = ( ); } ); };',
     (2, 'a group has no setting "path"')),
    ('rest = { routes = (\n{ prefix = "/a"; routes = 7; } ); };',
     (2, '"routes" must be a list: ( { path = ...; } )')),
    ('rest = { routes = (\n7 ); };', (2, 'a route must be { path = ...; handler = ...; }')),
    ('rest = (\n );', (1, '"rest" must be { chain = ...; routes = ...; }')),
    ('rest = { routes = (\n{ prefix = "/a"; chain = "access-log"; routes = ( ); } ); };',
     (2, '"chain" must be a list of strings')),
    ('rest = { chain = [ "access-log" ]; routes = (\n{ path = "/a"; handler = "respond";\n'
     'skip = [ "access-log",\n"access-log" ]; } ); };',
     (4, 'there is no "access-log" to skip in the inherited chain')),
    ('websocket = { chain = [ "origin" ]; routes = (\n{ redirect_slash = true; routes = ( ); } ); };',
     (2, 'a group has no setting "redirect_slash"')),
    ('websocket = { chain = [ "origin" ]; routes = (\n{ path = "/a"; handler = "echo";\n'
     'methods = [ "GET" ]; } ); };', (3, 'the route has no setting "methods"')),
    ('websocket = { chain = [ "origin" ]; routes = (\n{ path = "/a"; handler = "respond"; } ); };',
     (2, '"respond" is a REST handler; a WebSocket handler is needed here')),
    ('rest = { routes = (\n{ path = "/a"; handler = "echo/echo"; } ); };',
     (2, '"echo/echo" is a WebSocket handler; a REST handler is needed here')),
]

HEAD = """listen = ( { address = "127.0.0.1"; port = 0; } ); plugin_path = "%s"; \
plugins = ( { load = "echo"; } ); """ % PLUGINS


# Settings of a WebSocket route, and what is said about each.
WS_SETTINGS = [
    ('slow_consumer = "drop-newest";', '"slow_consumer" can\'t be "drop-newest", '
     'did you mean "drop-oldest"?'),
    ('slow_consumer = "latest";', '"slow_consumer" can\'t be "latest"; it must be '
     '"disconnect", "refuse", "drop-oldest" or "keep-latest"'),
    ("slow_consumer_code = 1010;", '"slow_consumer_code" is 1010; it must be 1008 or 1013'),
    ("slow_consumer_code = 1014;", '"slow_consumer_code" is 1014; it must be 1008 to 1013'),
    ("outbox_messages = 40000;", '"outbox_messages" is 40000; it must be 1 to 32767 messages'),
    ("outbox_bytes = 0;", '"outbox_bytes" is 0; it must be 1 to 134217727 bytes'),
    ("ping_interval = -1;", '"ping_interval" is -1; it must be 0 to 86400 seconds'),
    ("pong_timeout = 90000.0;", '"pong_timeout" is 90000; it must be 0 to 86400 seconds'),
    ('read_deadline = "long";', '"read_deadline" must be a number'),
    ("idle_timeout = -0.5;", '"idle_timeout" is -0.5; it must be 0 to 864000 seconds'),
    ("max_lifetime = 5000000;", '"max_lifetime" is 5000000; it must be 0 to 4000000 seconds'),
    ("lifetime_jitter = 1.5;", '"lifetime_jitter" is 1.5; it must be 0 to 1'),
    ('fence = "yes";', '"fence" must be true or false'),
    ("fence = true; fence_interval = 3601;", '"fence_interval" is 3601; it must be 0 to 3600 seconds'),
    ("max_frames_per_second = -1;",
     '"max_frames_per_second" is -1; it must be 0 to 100000000 frames'),
    ("max_bytes_per_second = 3000000000L;",
     '"max_bytes_per_second" is 3000000000; it must be 0 to 2000000000 bytes'),
    ("rate_patience = 4000;", '"rate_patience" is 4000; it must be 0 to 3600 seconds'),
    ('app_ping = { request = "p"; replay = "q"; };', 'app_ping has no setting "replay", '
     'did you mean "reply"?'),
    ('app_ping = "ping";', '"app_ping" must be a group: { ... }'),
    ("app_ping = { request = 7; };", '"request" must be a string'),
    ("ping_intervall = 3;", 'the route has no setting "ping_intervall", '
     'did you mean "ping_interval"?'),
]


class Config(unittest.TestCase):
    def run_wye(self, *arguments, **environment):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60,
                              encoding="utf-8", env={**os.environ, **environment})

    def check(self, text, others=(), **environment):
        """Checks a config, in a folder with other files; self.say() gives their problems."""
        with tempfile.TemporaryDirectory() as self.folder:
            self.path = os.path.join(self.folder, "wye.conf")
            os.mkdir(os.path.join(self.folder, "sub"))
            for name, content in (("wye.conf", text), *others):
                with open(os.path.join(self.folder, name), "w", encoding="utf-8") as out:
                    out.write(content)
            return self.run_wye("-t", "-c", self.path, **environment)

    def say(self, *problems):
        """Lines of (file, line, sentence)."""
        return "".join("%s/%s:%d: %s\n" % (self.folder, *problem) for problem in problems)

    def test_good(self):
        out = self.check(GOOD)
        self.assertEqual((out.returncode, out.stderr), (0, ""))
        self.assertRegex(out.stdout, r"rest +/b/\*rest +POST +request-id +greeter-fr/greeter")

    def test_all_mistakes_at_once(self):
        out = self.check("\n".join(line for line, _ in BAD))
        self.assertEqual(out.returncode, 1)
        for number, (line, sentence) in enumerate(BAD, 1):
            if sentence:
                place = "%s:%d: " % (self.path, number)
                self.assertTrue([one for one in out.stderr.splitlines()
                                 if one.startswith(place) and sentence in one],
                                "%s%s\n%s" % (place, sentence, out.stderr))

    def test_thirty_mistakes(self):
        out = self.check("\n".join(line for line, _ in THIRTY))
        wanted = [(number, sentence.replace("FOLDER", self.folder))
                  for number, (_, sentence) in enumerate(THIRTY, 1) if sentence]
        self.assertEqual((len(wanted), out.returncode, out.stdout), (30, 1, ""))
        self.maxDiff = None
        got = [(int(line.split(":")[1]), line) for line in out.stderr.splitlines()]
        self.assertEqual([line for _, line in sorted(got)],
                         self.say(*[("wye.conf", *one) for one in wanted]).splitlines())

    def test_routes(self):
        for text, (line, sentence) in ROUTES:
            with self.subTest(text):
                out = self.check(HEAD + text)
                self.assertEqual(out.stderr, self.say(
                    ("wye.conf", line, sentence.replace("FOLDER", self.folder))))
                self.assertEqual(out.returncode, 1)

    def test_websocket_settings(self):
        routes = ['{ path = "/%d"; handler = "echo"; %s }' % (i, text)
                  for i, (text, sentence) in enumerate(WS_SETTINGS)]
        out = self.check(HEAD + 'websocket = { chain = [ "origin" ]; routes = (%s ); };'
                         % ",\n".join(routes))
        self.assertEqual(out.stderr, self.say(
            *(("wye.conf", i + 1, sentence) for i, (text, sentence) in enumerate(WS_SETTINGS))))
        self.assertEqual(out.returncode, 1)
        out = self.check("outbox_total = 1000;" + HEAD)
        self.assertIn('"outbox_total" is 1000; it must be 65536 to 1000000000000000 bytes',
                      out.stderr)

    def test_part_of_another_kind(self):
        """A plugin has parts of both lanes, and one of the other lane is named."""
        head = HEAD.replace('{ load = "echo"; }', '{ load = "%s/delivery.so"; as = "d"; }' % TEST_PLUGINS)
        lane = 'websocket = { chain = [ "origin" ]; routes = ( { path = "/a"; handler = "d/%s"; } ); };'
        self.assertIn('"d/do" is a REST handler; a WebSocket handler is needed here',
                      self.check(head + lane % "do").stderr)
        self.assertIn('"d" has no part "du"', self.check(head + lane % "du").stderr)

    def test_same_path_elsewhere(self):
        """On another host, in the other lane, or for another method it is no conflict."""
        route = '{ path = "/a"; handler = "respond"; %s }'
        out = self.check(HEAD + 'rest = { routes = ( %s ); };\n'
                         'websocket = { chain = [ "origin" ]; routes = ( %s ); };' % (
                             ",\n".join(route % more for more in (
                                 "", 'host = "a.b";', 'host = "*.a.b";', 'host = "c.a.b";',
                                 'methods = [ "POST" ];', 'host = "a.b"; methods = [ "PUT" ];')),
                             '{ path = "/a"; handler = "echo"; }, '
                             '{ path = "/a"; handler = "echo"; host = "a.b"; }'))
        self.assertEqual((out.returncode, out.stderr), (0, ""))
        self.assertEqual(len([line for line in out.stdout.splitlines() if "/a " in line]), 8)

    def test_long_chains(self):
        names = ["r%d" % i for i in range(33)]
        text = HEAD + "middleware = ( %s );\nrest = { chain = [ %s ]; routes = (\n%s ); };"
        entries = ", ".join('{ use = "request-id"; as = "%s"; }' % name for name in names)
        def chain(some):
            return ", ".join('"%s"' % name for name in some)
        route = '{ path = "/a"; handler = "respond"; chain = [ %s ]; %s }'
        out = self.check(text % (entries, chain(names[:31]), route % (chain(names[31:32]), "")))
        self.assertEqual((out.returncode, out.stderr), (0, ""))
        out = self.check(text % (entries, chain(names[:31]), route % (chain(names[31:]), "")))
        self.assertEqual(out.stderr, self.say(("wye.conf", 3, "a chain has at most 32 steps")))
        out = self.check(text % (entries, chain(names[:32]),
                                 route % (chain(names[32:]), 'skip = [ "r7" ];')))
        self.assertEqual((out.returncode, out.stderr), (0, ""))

    def test_deep_groups(self):
        def nested(depth):
            return '{ prefix = "/g"; routes = (\n' * depth + \
                '{ path = "/a"; handler = "respond"; }' + " ); }" * depth
        out = self.check(HEAD + "rest = { routes = ( %s ); };" % nested(16))
        self.assertEqual((out.returncode, out.stderr), (0, ""))
        self.assertIn("/g" * 16 + "/a ", out.stdout)
        out = self.check(HEAD + "rest = { routes = ( %s ); };" % nested(17))
        self.assertEqual(out.stderr, self.say(
            ("wye.conf", 17, "more than 16 groups in one another")))

    def test_warnings(self):
        text = ('max_connections = 5000;\ndrain_spread = 40;\nmax_target = 9000;\n'
                'listen = ( { port = 0;\n trusted_proxies = [ "10.0.0.0/8", "0.0.0.0/0" ]; },\n'
                '  { port = 0;\n trusted_proxies = [ "::/0" ]; },\n'
                '  { port = 0; trusted_proxies = [ "0.0.0.0/1", "::/96" ]; } );\n'
                'plugin_path = "%s"; plugins = ( { load = "echo"; } );\n'
                'middleware = ( { use = "origin"; as = "ours"; allow = [ "*" ]; } );\n'
                'websocket = { routes = (\n{ path = "/a"; handler = "echo"; },\n'
                '{ path = "/b"; handler = "echo"; chain = [ "ours" ]; },\n'
                '{ chain = [ "origin" ]; routes = (\n { path = "/c"; handler = "echo"; },\n'
                '  { path = "/d"; handler = "echo"; skip = [ "origin" ]; } ); } ); };' % PLUGINS)
        site = "has no origin check: a page of any site can open it with its visitor's cookies"
        all_of_them = ("trusted_proxies holds every address: any client can say who it is")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "wye.conf")
            with open(path, "w") as out:
                out.write(text)
            out = subprocess.run(
                [PROGRAM, "-t", "-c", path], capture_output=True, text=True, timeout=60,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000)))
        self.assertEqual(out.returncode, 0)
        self.assertTrue(out.stdout.endswith("the config is right\n"))
        lines = out.stderr.splitlines()
        self.assertRegex(lines[0], "^%s:1: warning: max_connections is 5000, but the descriptor "
                         r"limit of 1000 carries \d\d\d$" % path)
        self.assertEqual(lines[1:], ["%s:%d: warning: %s" % (path, *one) for one in (
            (2, "drain_spread is not below drain_timeout: connections will be cut"),
            (3, "max_target is not below max_header: long targets get 431"),
            (5, all_of_them), (7, all_of_them),
            (12, '"/a" ' + site), (16, '"/d" ' + site))])

    def test_no_warning(self):
        out = self.check(HEAD + "max_connections = 10; drain_spread = 20; max_header = 4097;")
        self.assertEqual((out.returncode, out.stderr), (0, ""))
        out = self.check(HEAD + "\nmax_header = 4096;")
        self.assertEqual(out.stderr, self.say(("wye.conf", 2, "warning: max_target is not below "
                                               "max_header: long targets get 431")))

    def test_settings_of_what_is_off(self):
        keys = {"fence_interval = 1;": "fence", "deflate_context_takeover = true;": "deflate",
                "deflate_minimum = 5;": "deflate"}
        text = (HEAD + '\nwebsocket = { chain = [ "origin" ]; routes = ( { path = "/a"; handler = "echo";\n'
                + "\n".join(keys) + "\n%s } ); };")
        self.assertEqual(self.check(text % "").stderr, self.say(*(
            ("wye.conf", 3 + i, 'warning: "%s" does nothing without "%s = true"'
             % (key.split()[0], needs)) for i, (key, needs) in enumerate(keys.items()))))
        self.assertEqual(self.check(text % "fence = true; deflate = true;").stderr, "")

    def test_summary(self):
        out = self.check(HEAD.replace("port = 0;", 'port = 8080; trusted_proxies = [ "10.0.0.0/8" ];')
                         + """
max_connections = 100; max_connections_per_address = 10; http_threads = 3; stream_loops = 2;
rest = { chain = [ "request-id", "access-log" ]; routes = (
  { path = "/a"; handler = "respond"; },
  { prefix = "/api"; host = "*.example.org"; skip = [ "access-log" ]; routes = (
    { path = "/:id"; handler = "respond/respond"; methods = [ "PUT", "GET" ]; },
    { path = "/b"; handler = "respond"; host = "x.org"; skip = [ "request-id" ]; } ); } ); };
websocket = { chain = [ "origin" ]; routes = (
  { prefix = "/ws"; host = "y.org"; routes = ( { path = "/*rest"; handler = "echo"; } ); } ); };""")
        self.assertEqual((out.returncode, out.stderr), (0, ""))
        lines = out.stdout.splitlines()
        self.assertEqual(lines[0],
                         "listen 127.0.0.1 port 8080, 1 trusted proxy range by X-Forwarded-For")
        self.assertTrue(lines[1].startswith("threads 3 http, 2 stream, "), lines)
        self.assertTrue(lines[2].startswith("limits 100 connections, 10 per address; "), lines)
        self.assertEqual([re.split("  +", line.strip()) for line in lines[3:]], [
            ["routes"], ["lane", "path", "methods", "chain", "handler"],
            ["rest", "/a", "GET, HEAD", "request-id, access-log", "respond"],
            ["rest", "*.example.org/api/:id", "GET, HEAD, PUT", "request-id", "respond/respond"],
            ["rest", "x.org/api/b", "GET, HEAD", "-", "respond"],
            ["websocket", "y.org/ws/*rest", "GET", "origin", "echo"], ["the config is right"]])
        columns = [[match.start() for match in re.finditer("(?<=  )[^ ]", line)]
                   for line in lines[4:-1]]
        self.assertTrue(all(one == columns[0] for one in columns), out.stdout)

    @unittest.skipIf(SANITIZED, "slower with a sanitizer")
    def test_speed(self):
        groups = []
        for i in range(20):
            routes = ",\n".join('{ path = "/r%d/:id/%d"; handler = "respond"; skip = [ "r1" ]; }'
                                % (j, j) for j in range(10))
            groups.append('{ prefix = "/g%d/:g"; chain = [ "r%d", "r%d" ]; routes = ( %s ); }'
                          % (i, i + 2, i + 3, routes))
        text = HEAD + "middleware = ( %s );\n rest = { chain = [ %s ]; routes = (\n%s ); };" % (
            ", ".join('{ use = "request-id"; as = "r%d"; }' % i for i in range(24)),
            '"r0", "r1"', ",\n".join(groups))
        def spent():
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            return used.ru_utime + used.ru_stime

        times = []
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "wye.conf")
            with open(path, "w") as out:
                out.write(text)
            for _ in range(5):
                start = spent()
                out = self.run_wye("-t", "-c", path)
                times.append(spent() - start)
                self.assertEqual((out.returncode, out.stderr), (0, ""))
        self.assertEqual(len([line for line in out.stdout.splitlines() if "respond" in line]), 200)
        self.assertLess(min(times), 0.05)

    def test_broken_plugins(self):
        sentences = ["built for plugin interface 4, this is 3", "its wye_plugin has a wrong size",
                     "handle() is missing in REST handler nothing",
                     "message() is missing in WebSocket handler nothing",
                     "it exports no symbol wye_plugin", "can't be opened: it does not want to",
                     'its setting "many" has an unknown type, or a default that it would not allow']
        for number, sentence in enumerate(sentences, 1):
            file = "%s/broken%d.so" % (TEST_PLUGINS, number)
            out = self.check('listen = ( { port = 0; } );\nplugins = ( { load = "%s"; } );' % file)
            self.assertEqual(out.returncode, 1)
            lines = out.stderr.splitlines()
            self.assertEqual(len(lines), 1, out.stderr)
            self.assertTrue(lines[0].startswith(self.path + ":2: "), lines)
            self.assertIn("broken%d" % number, lines[0])
            self.assertIn(sentence, lines[0])

    def test_numbers(self):
        """libconfig 1.5 cuts what is beyond 32 bits, without a word."""
        for value, wanted in (("5000000000", 'needs an "L" behind it'), ("0x80000000", 'needs an "L" behind it'),
                              ("2147483648", 'needs an "L" behind it'), ("99999999999999999999L", "is too large")):
            for line in ("max_body = %s;", "head_timeout = 3; max_body = %s;"):
                out = self.check("\n" + line % value + "\n")
                self.assertEqual((out.returncode, out.stderr.count("\n")), (1, 1), out.stderr)
                self.assertIn("wye.conf:2: %s %s" % (value, wanted), out.stderr)
        for line in ("max_body = 5000000000L;", "max_body = 2147483647;", "max_body = 0x7fffffff;",
                     "head_timeout = 1.5e1;", "head_timeout = .30000000001;", "head_timeout = +.5;",
                     "head_timeout = 3000000000e-9;", "# max_body = 5000000000", "/* 5000000000 */",
                     'plugin_path = "5000000000";'):
            self.assertEqual(self.check(REST + line + "\n").returncode, 0, line)

    def test_what_nothing_would_come_of(self):
        """Routes that no request reaches, names that nobody can say, lists that let all in."""
        files = os.path.join(tempfile.gettempdir(), "")
        for lines, wanted in (
                (ROUTE % ("", ""), 'a path begins with "/"'),
                (ROUTE % ("/a/..", ""), "a path with dot segments is never requested"),
                (ROUTE % ("/%2e%2E/a", ""), "a path with dot segments is never requested"),
                (ROUTE % ("/.", ""), "a path with dot segments is never requested"),
                (ROUTE % ("/a", 'methods = [ ];'), '"methods" is empty'),
                (ROUTE % ("/a", 'type = "a\\nb";'), '"type" has a control byte'),
                *((ROUTE % ("/a", 'host = "%s";' % host), '"%s" is no host like' % host) for host in (
                    ".", "a.", ".a", "a..b", "[::1]:80", "*.[", "*.[::1]", "[]", "[a]", "[::1", "*.")),
                ('middleware = ( { use = "cors"; origins = [ ]; } );', '"origins" is empty'),
                ('middleware = ( { use = "mtls"; common_names = [ ]; } );', '"common_names" is empty'),
                ('middleware = ( { use = "ip-filter"; allow = [ ]; deny = [ "::1" ]; } );', '"allow" is empty'),
                ('middleware = ( { use = "request-id"; as = "a/b"; } );', '"a/b" is no name'),
                ('middleware = ( { use = "request-id"; as = ""; } );', '"" is no name'),
                ('middleware = ( { use = "forward-auth"; url = "https://a/"; ca_file = "%s"; } );' % files,
                 "Is a directory"),
                ('middleware = ( { use = "forward-auth"; url = "https://a/"; ca_file = "/dev/null"; } );',
                 '"/dev/null" has no certificate in it'),
                ('rest = { chain = [ "rate-limit" ]; };',
                 '"rate-limit" needs settings: name it in "middleware" with them')):
            out = self.check(LISTEN + lines)
            self.assertEqual(out.returncode, 1, lines)
            self.assertIn("wye.conf:2: ", out.stderr)
            self.assertIn(wanted, out.stderr)
        for host in ("a", "A-1.b_c", "*.a", "[::1]", "10.0.0.1"):
            self.assertEqual(self.check(LISTEN + ROUTE % ("/a", 'host = "%s";' % host)).returncode, 0, host)

    def test_trusted_bits(self):
        for given in ("127.3.4.5/8", "fd00::1/8"):
            out = self.check(REST.replace("port = 0;", 'port = 0; trusted_proxies = [ "%s" ];' % given))
            self.assertEqual(out.returncode, 1)
            self.assertIn('"%s" has bits behind its prefix' % given, out.stderr)

    def test_no_trace(self):
        """A check makes no files: they would be another user's."""
        with tempfile.TemporaryDirectory() as folder:
            kept = os.path.join(folder, "kept")
            open(kept, "w").close()
            for path, left in ((os.path.join(folder, "log"), False), (kept, True)):
                text = 'middleware = ( { use = "access-log"; file = "%s"; } );\n' % path
                self.assertEqual(self.check(REST + text).returncode, 0)
                self.assertEqual(os.path.exists(path), left)
            link = os.path.join(folder, "link")
            os.symlink("nowhere", link)
            for path, status in ((link, 0), (os.path.join(folder, "none/log"), 1)):
                text = 'middleware = ( { use = "access-log"; file = "%s"; } );\n' % path
                self.assertEqual(self.check(REST + text).returncode, status)
            self.assertEqual(sorted(os.listdir(folder)), ["kept", "link"])

    def test_addresses(self):
        out = self.check('listen = ( { address = "localhost"; port = 1; },\n'
                         '{ port = 2; trusted_proxies = [ "10.0.0.0/33" ]; } );')
        self.assertEqual(out.stderr.splitlines(), [
            self.path + ':1: "localhost" is no numeric IPv4 or IPv6 address',
            self.path + ':2: "10.0.0.0/33" is no range like "10.0.0.0/8"'])

    def test_syntax_errors(self):
        for text, line, sentence in SYNTAX:
            with self.subTest(text):
                out = self.check(text)
                self.assertEqual(out.stderr,
                                 self.say(("wye.conf", line, "syntax error " + sentence)))
                self.assertEqual(out.returncode, 1)

    def test_syntax_error_alone(self):
        out = self.check("a = 1;\nb = = 2;\nnothing = 3;")
        self.assertEqual((out.returncode, out.stderr),
                         (1, self.say(("wye.conf", 2, "syntax error near: b = = 2;"))))

    def test_unreadable(self):
        out = self.run_wye("-t", "-c", "/nonexistent/wye.conf")
        self.assertEqual((out.returncode, out.stderr), (
            1, "/nonexistent/wye.conf: can't be read: No such file or directory\n"))
        self.assertEqual(self.run_wye("-t", "-c", "/").stderr,
                         "/: can't be read: Is a directory\n")
        self.assertEqual(self.check("a = 1;\0").stderr,
                         self.path + ": can't be read: it is no text, a NUL is in it\n")

    def test_environment(self):
        out = self.check('listen = ( { address = "${WYE_A}${WYE_B}"; port = 0; } );\n'
                         'rest = { routes = ( { path = "/${WYE_B}"; handler = "respond";\n'
                         'body = "${WYE_C}"; methods = [ "GET", "${WYE_D}" ]; } ); };\n',
                         WYE_A="127.0.", WYE_B="0.1", WYE_C='"a";\nb\\', WYE_D="POST")
        self.assertEqual((out.returncode, out.stderr), (0, ""))
        self.assertRegex(out.stdout, r"rest +/0\.1 +GET, HEAD, POST")

    def test_environment_values(self):
        for text, value in [("<${WYE_A}>", '<q"${WYE_B}" \\>'), ("$${WYE_A}", "${WYE_A}"),
                            ("$$${WYE_B}$", "$${WYE_B}$"), ("$", "$"), ("$$", "$$"),
                            ("$WYE_B", "$WYE_B"), ("}${WYE_B}}", "}b}"), ("${WYE_C}", "")]:
            out = self.check('listen = ( { port = 0; } );\nlog_level = "%s";' % text,
                             WYE_A='q"${WYE_B}"\n\\', WYE_B="b", WYE_C="")
            self.assertTrue(out.stderr.startswith(self.say(
                ("wye.conf", 2, '"log_level" can\'t be "%s"' % value))[:-1]), out.stderr)

    def test_environment_wrong(self):
        escape = '; "$${" stands for "${"'
        out = self.check('listen = ( { port = 0; } );\nx = 1;\nplugin_path = "${WYE_NO}/${WYE_NOR}";\n'
                         'rest = { routes = ( { path = "/a"; handler = "respond";\n'
                         'body = "${1A} ${} ${a b}";\n methods = [ "GET", "${OPEN" ]; } ); };\n')
        self.assertEqual(out.returncode, 1)
        for problem in [("wye.conf", 3, 'the environment has no variable "WYE_NO"'),
                        ("wye.conf", 3, 'the environment has no variable "WYE_NOR"'),
                        ("wye.conf", 5, '"${1A}" is no name of a variable' + escape),
                        ("wye.conf", 5, '"${}" is no name of a variable' + escape),
                        ("wye.conf", 5, '"${a b}" is no name of a variable' + escape),
                        ("wye.conf", 6, '"${OPEN" has no "}"' + escape),
                        ("wye.conf", 2, 'the config has no setting "x"')]:
            self.assertIn(self.say(problem), out.stderr)

    def test_include(self):
        out = self.check('@include "sub/listen.conf"\nrest = { routes = (\n'
                         '  @include "route.conf"\n ); };\n',
                         [("sub/listen.conf", '@include "sub/more.conf"\n'),
                          ("sub/more.conf", 'listen = ( { port = 0; address = "${WYE_A}"; } );\n'),
                          ("route.conf", '{ path = "/included"; handler = "respond"; }')],
                         WYE_A="::1")
        self.assertEqual((out.returncode, out.stderr), (0, ""))
        self.assertRegex(out.stdout, r"rest +/included")

    def test_include_mistakes(self):
        out = self.check('listen = ( { port = 0; } );\n@include "sub/a.conf"\nb = 1;',
                         [("sub/a.conf", '\na = 1;\nlog_level = "${WYE_NO}";')])
        self.assertEqual(out.stderr.splitlines()[:3], self.say(
            ("sub/a.conf", 3, 'the environment has no variable "WYE_NO"'),
            ("sub/a.conf", 2, 'the config has no setting "a"'),
            ("wye.conf", 3, 'the config has no setting "b"')).splitlines())

    def test_include_wrong(self):
        relative = "the name must be relative to the main file's folder, without backslashes"
        cannot = "can't include \"%s\": %s"
        for text, other, problem in [
                ("no.conf", "", ("wye.conf", 2, cannot % ("FOLDER/no.conf",
                                                          "No such file or directory"))),
                ("sub", "", ("wye.conf", 2, cannot % ("FOLDER/sub", "Is a directory"))),
                ("", "", ("wye.conf", 2, cannot % ("FOLDER/", "Is a directory"))),
                ("/dev/null", "", ("wye.conf", 2, cannot % ("/dev/null", relative))),
                ("wye.conf", "", ("wye.conf", 2, cannot % ("FOLDER/wye.conf",
                                                           "it would include itself"))),
                ("a.conf", '\n\n@include "a.conf"',
                 ("a.conf", 3, cannot % ("FOLDER/a.conf", "it would include itself"))),
                ("a.conf", '@include "no.conf"',
                 ("a.conf", 1, cannot % ("FOLDER/no.conf", "No such file or directory"))),
                ("a.conf", "b = 1;\nc = = 1;", ("a.conf", 2, "syntax error near: c = = 1;")),
                ("a.conf", 'b = 1;\nc = "x;\n',
                 ("a.conf", 2, 'syntax error near: c = "x; (the string has no closing quote)')),
                ("a.conf", "b = 1; /*",
                 ("a.conf", 1, 'syntax error near: b = 1; /* (the comment has no "*/")')),
                ("a.conf", "b = 1; listen = 1;",
                 ("a.conf", 1, 'syntax error near: b = 1; listen = 1; ("listen" is already set)')),
        ]:
            with self.subTest(text, other=other):
                out = self.check('listen = ( { port = 0; } );\n@include "%s"\n' % text,
                                 [("a.conf", other)])
                self.assertEqual(out.stderr, self.say(problem).replace("FOLDER", self.folder))
                self.assertEqual(out.returncode, 1)

    def test_include_nesting(self):
        files = [("%d.conf" % n, '@include "%d.conf"\n' % (n + 1)) for n in range(12)]
        out = self.check('@include "0.conf"', files)
        self.assertEqual(len(out.stderr.splitlines()), 1, out.stderr)
        self.assertIn("too many files include one another", out.stderr)

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
