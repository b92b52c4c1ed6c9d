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

    def test_broken_plugins(self):
        sentences = ["built for plugin interface 3, this is 2", "its wye_plugin has a wrong size",
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
