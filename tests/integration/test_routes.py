#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Which route a request meets, and which chain: groups, hosts, precedence, methods, redirects,
parameters; on both lanes."""

import json
import os
import random
import tempfile
import unittest

from wye import PLUGINS, TEST_PLUGINS, Wye, frame, main, read_answer, read_frame, upgrade, wait_for

HEAD = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; }} );
plugin_path = "{plugins}"; http_threads = 2; stream_loops = 2; log_level = "debug";
plugins = ( {{ load = "echo"; }}, {{ load = "{tell}"; as = "tell"; mark = "top"; }},
            {{ load = "{tell}"; as = "inner"; mark = "inner"; }},
            {{ load = "{tell}"; as = "inmost"; mark = "inmost"; }} );
middleware = ( {{ use = "access-log"; file = "{log}"; format = "json"; }} );
"""


class Site(Wye):
    """A daemon with a config of the test's own, and what it logs as objects."""

    def __init__(self, text):
        self.lines = []
        self.logs = tempfile.TemporaryDirectory()
        log = os.path.join(self.logs.name, "log")
        head = HEAD.format(plugins=PLUGINS, tell=os.path.join(TEST_PLUGINS, "tell.so"), log=log)
        super().__init__(config=head + text)
        self.log = log

    def __exit__(self, kind, value, trace):
        super().__exit__(kind, value, trace)
        self.logs.cleanup()

    def entry(self):
        """The next line of the access log."""
        seen = len(self.lines)
        self.lines = wait_for("a line in the access log",
                              lambda: self.access_lines()[:seen + 1]
                              if len(self.access_lines()) > seen else None)
        return json.loads(self.lines[-1])

    def ask(self, target, method="GET", host="localhost", headers=""):
        """Status, fields (in lower case) and body of one request, byte by byte as told."""
        with self.socket() as sock:
            request = "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n" % (
                method, target, host, headers)
            sock.sendall(request.encode())
            data = b""
            while piece := sock.recv(65536):
                data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            fields.setdefault(name.lower(), []).append(value)
        fields = {name: ", ".join(values) for name, values in fields.items()}
        return int(lines[0].split()[1]), fields, body.decode()

    def open(self, target, host="localhost"):
        """Status of an upgrade, and its socket."""
        sock = self.socket()
        sock.sendall(upgrade(target).replace(b"Host: localhost", b"Host: " + host.encode()))
        return read_answer(sock)[0], sock

    def parameter(self, target, name, host="localhost"):
        """What a WebSocket handler sees of a parameter."""
        status, sock = self.open(target, host)
        with sock:
            assert status == 101, (target, status)
            sock.sendall(frame(1, name.encode()))
            return read_frame(sock)[1].decode()


GROUPS = """
rest = { chain = [ "request-id", "access-log", "tell" ]; routes = (
  { path = "/plain"; handler = "respond"; },
  { path = "/quiet"; handler = "respond"; skip = [ "access-log" ]; },
  { path = "/nameless"; handler = "respond"; skip = [ "request-id" ]; chain = [ "inner" ]; },
  { prefix = "/api"; skip = [ "tell" ]; chain = [ "inner" ]; routes = (
      { path = "/users"; handler = "respond"; },
      { prefix = "/v1"; chain = [ "inmost" ]; routes = (
          { path = "/users"; handler = "respond"; methods = [ "POST" ]; } ); },
      { routes = ( { path = "/bare"; handler = "respond"; } ); } ); },
  { prefix = "/silent"; skip = [ "access-log" ]; routes = (
      { path = "/one"; handler = "respond"; } ); },
  { prefix = "/of/:name"; chain = [ "inner" ]; routes = (
      { path = "/it"; handler = "tell"; names = [ "name" ]; } ); },
  { host = "api.example.org"; chain = [ "inner" ]; routes = (
      { path = "/hosted"; handler = "respond"; },
      { prefix = "/api"; chain = [ "inmost" ]; routes = (
          { path = "/hosted"; handler = "respond"; } ); } ); } ); };
websocket = { chain = [ "request-id", "access-log", "origin" ]; routes = (
  { path = "/ws"; handler = "echo"; },
  { prefix = "/live"; skip = [ "access-log" ]; routes = (
      { path = "/:room"; handler = "tell"; },
      { prefix = "/open"; skip = [ "origin" ]; routes = (
          { path = "/*rest"; handler = "tell"; } ); } ); },
  { prefix = "/named"; skip = [ "request-id" ]; routes = (
      { path = "/one"; handler = "echo"; } ); } ); };
"""


class Groups(unittest.TestCase):
    def check(self, site, target, status, marks, route, method="GET", host="localhost"):
        answer = site.ask(target, method, host)
        self.assertEqual((answer[0], answer[1].get("x-mark")), (status, marks), target)
        line = site.entry()
        self.assertEqual((line["target"], line["route"], line["status"]), (target, route, status))
        self.assertEqual(line["id"], answer[1].get("x-request-id"))

    def test_chains(self):
        """Response steps run inside out: the innermost mark stands first."""
        with Site(GROUPS) as site:
            self.check(site, "/plain", 200, "top", "/plain")
            self.check(site, "/nameless", 200, "inner, top", "/nameless")
            self.check(site, "/api/users", 200, "inner", "/api/users")
            self.check(site, "/api/bare", 200, "inner", "/api/bare")
            self.check(site, "/api/v1/users", 200, "inmost, inner", "/api/v1/users", "POST")

    def test_misses(self):
        """404 and 405 run through the chain of the innermost group that holds the path."""
        with Site(GROUPS) as site:
            self.check(site, "/none", 404, "top", None)
            self.check(site, "/apis", 404, "top", None)
            self.check(site, "/api", 404, "inner", None)
            self.check(site, "/api/", 404, "inner", None)
            self.check(site, "/api/none/at/all", 404, "inner", None)
            self.check(site, "/api/v1", 404, "inmost, inner", None)
            self.check(site, "/api/v1/none", 404, "inmost, inner", None)
            self.check(site, "/api/v2", 404, "inner", None)
            self.check(site, "/x/../api/./v1/%6eone", 404, "inmost, inner", None)
            self.check(site, "/api%2Fv1", 404, "top", None)
            self.check(site, "/api/users", 405, "inner", None, "DELETE")
            self.check(site, "/api/v1/users", 405, "inmost, inner", None)
            self.check(site, "/api/users", 204, "inner", None, "OPTIONS")
            self.check(site, "/of/them", 404, "inner, top", None)
            self.check(site, "/of/them/all", 404, "inner, top", None)
            self.check(site, "/of", 404, "top", None)

    def test_misses_on_a_host(self):
        with Site(GROUPS) as site:
            host = "API.example.org:80"
            self.check(site, "/hosted", 200, "inner, top", "/hosted", host=host)
            self.check(site, "/none", 404, "inner, top", None, host=host)
            self.check(site, "/", 404, "inner, top", None, host=host)
            self.check(site, "/api/hosted", 200, "inmost, inner, top", "/api/hosted", host=host)
            self.check(site, "/api/none", 404, "inmost, inner, top", None, host=host)
            self.check(site, "/hosted", 404, "top", None)
            self.check(site, "/api/hosted", 404, "inner", None)
            self.check(site, "/plain", 200, "top", "/plain", host=host)

    def test_skip(self):
        """What is skipped leaves nothing: no line, no field."""
        with Site(GROUPS) as site:
            for target in ("/quiet", "/silent/one", "/silent/none"):
                self.assertIn("x-request-id", site.ask(target)[1])
            answer = site.ask("/nameless")
            self.assertNotIn("x-request-id", answer[1])
            line = site.entry()
            self.assertEqual((line["target"], line["id"]), ("/nameless", None))
            self.assertEqual(site.ask("/plain")[0], 200)
            self.assertEqual(site.entry()["target"], "/plain")
        self.assertEqual(len(site.lines), 2)

    def test_refused_before_the_chain(self):
        """Of a body that is too large the route's or group's chain hears, and none else."""
        with Site("max_body = 10;" + GROUPS) as site:
            large = "Content-Length: 11\r\n"
            for target in ("/quiet", "/silent/none", "/plain"):
                self.assertEqual(site.ask(target, headers=large)[0], 413)
            self.assertEqual(site.entry()["target"], "/plain")
        self.assertEqual(len(site.lines), 1)

    def test_parameter_in_a_prefix(self):
        with Site(GROUPS) as site:
            self.assertEqual(site.ask("/of/a%20b/it")[2], "\nname=a b\n")
            self.assertEqual(site.entry()["route"], "/of/:name/it")

    def test_websocket(self):
        with Site(GROUPS) as site:
            def refused(target, fields=""):
                sock = site.socket()
                sock.sendall(upgrade(target, fields))
                answer = read_answer(sock)
                sock.close()
                return answer

            evil = "Origin: http://evil.example\r\n"
            self.assertEqual(refused("/ws", evil)[0], 403)
            self.assertEqual(site.entry()["route"], "/ws")
            self.assertEqual(refused("/live/room", evil)[0], 403)
            self.assertEqual(refused("/live/room/none", evil)[0], 403)  # of the group's chain
            self.assertEqual(refused("/live/room/none")[0], 404)
            self.assertEqual(refused("/live/open/a", evil)[0], 101)
            self.assertEqual(refused("/live/open/a/b", evil)[0], 101)
            self.assertEqual(refused("/live/open", evil)[0], 403)  # "/live/:room"
            self.assertEqual(refused("/none", evil)[0], 403)
            line = site.entry()
            self.assertEqual((line["target"], line["route"]), ("/none", None))
            status, head, _ = refused("/named/one")
            self.assertEqual(status, 101)
            self.assertNotIn("x-request-id", head.lower())
            line = site.entry()
            self.assertEqual((line["route"], line["id"], line["lane"]),
                             ("/named/one", None, "websocket"))
            status, head, _ = refused("/named/none")
            self.assertEqual(status, 404)
            self.assertNotIn("x-request-id", head.lower())
            self.assertEqual(site.entry()["id"], None)
        self.assertEqual(len(site.lines), 4)


ROUTES = [("/", "GET"), ("/a", "GET"), ("/:one", "GET"), ("/*rest", "GET"), ("/a/b", "GET"),
          ("/a/:two", "GET"), ("/:one/b", "GET"), ("/:one/:two", "GET"), ("/a/*rest", "GET"),
          ("/:one/*rest", "GET"), ("/a/b/c", "GET"), ("/a/:two/c", "GET"), ("/abc", "GET"),
          ("/abd", "GET"), ("/ab/", "GET"), ("/ab/:two/d", "GET"), ("/a", "POST"),
          ("/:one", "PUT"), ("/a/:two", "POST"), ("/*rest", "DELETE"), ("/x/y/z/*rest", "GET")]
# Target, method, route.
WINNERS = [("/", "GET", "/"), ("/a", "GET", "/a"), ("/b", "GET", "/:one"), ("/a/", "GET", "/a/*rest"),
           ("/b/", "GET", "/:one/*rest"), ("/a/b", "GET", "/a/b"), ("/a/c", "GET", "/a/:two"),
           ("/c/b", "GET", "/:one/b"), ("/c/d", "GET", "/:one/:two"), ("/a/b/c", "GET", "/a/b/c"),
           ("/a/x/c", "GET", "/a/:two/c"), ("/a/b/d", "GET", "/a/*rest"),
           ("/a/x/d", "GET", "/a/*rest"), ("/c/b/d", "GET", "/:one/*rest"), ("/abc", "GET", "/abc"),
           ("/abd", "GET", "/abd"), ("/ab", "GET", "/:one"), ("/abe", "GET", "/:one"),
           ("/ab/", "GET", "/ab/"), ("/ab/x/d", "GET", "/ab/:two/d"), ("/ab/x/e", "GET", "/:one/*rest"),
           ("/a", "POST", "/a"), ("/a", "PUT", "/:one"), ("/a", "DELETE", "/*rest"),
           ("/", "DELETE", "/*rest"), ("/a/b", "POST", "/a/:two"), ("/a/b", "DELETE", "/*rest"),
           ("//", "GET", "/*rest"), ("//b", "GET", "/*rest"), ("/x/y/z", "GET", "/:one/*rest"),
           ("/x/y/z/", "GET", "/x/y/z/*rest"), ("/%61", "GET", "/a"), ("/a%2Fb", "GET", "/:one"),
           ("/a", "HEAD", "/a"), ("/b", "HEAD", "/:one"), ("/a", "PATCH", None)]


def shuffled(seed):
    """The routes in another order, in groups here and there."""
    dice = random.Random(seed)
    order = ROUTES[:]
    dice.shuffle(order)
    entries = []
    for path, method in order:
        text = '{ path = "%s"; handler = "tell"; methods = [ "%s" ]; text = "%s"; ' \
               'names = [ "one", "two", "rest" ]; }'
        if path.startswith("/a/") and dice.random() < 0.5:
            entries.append('{ prefix = "/a"; routes = ( %s ); }' % (text % (path[2:], method, path)))
        else:
            entries.append(text % (path, method, path))
    return ('rest = { chain = [ "access-log" ]; routes = (\n%s ); };' % ",\n".join(entries),
            'websocket = { routes = (\n%s ); };' % ",\n".join(
                '{ path = "%s"; handler = "tell"; }' % path for path, method in order
                if method == "GET"))


class Precedence(unittest.TestCase):
    def answers(self, seed):
        out = []
        with Site("\n".join(shuffled(seed))) as site:
            for target, method, _ in WINNERS:
                status, fields, body = site.ask(target, method)
                out.append((status, fields.get("allow"), fields.get("content-length"), body))
                if method == "GET":
                    out.append([site.parameter(target, name) for name in ("one", "two", "rest")])
            lines = map(json.loads, site.wait_lines(len(WINNERS)))
            self.assertEqual({(line["target"], line["method"], line["route"]) for line in lines},
                             set(WINNERS), seed)
        return out

    def test_any_order(self):
        first = self.answers(0)
        for seed in range(1, 20):
            self.assertEqual(self.answers(seed), first, seed)

    def test_values(self):
        with Site("\n".join(shuffled(1))) as site:
            self.assertEqual(site.ask("/a/x/d")[2], "/a/*rest\none=NULL\ntwo=NULL\nrest=x/d\n")
            self.assertEqual(site.ask("/c/d")[2], "/:one/:two\none=c\ntwo=d\nrest=NULL\n")
            self.assertEqual(site.parameter("/a/x/d", "rest"), "rest=x/d")
            self.assertEqual(site.parameter("/a/x/d", "two"), "two=NULL")


METHODS = """
rest = { chain = [ "request-id", "access-log" ]; routes = (
  { path = "/get"; handler = "tell"; text = "get"; methods = [ "GET" ]; },
  { path = "/post"; handler = "tell"; methods = [ "POST" ]; },
  { path = "/both"; handler = "tell"; text = "rest"; methods = [ "PUT" ]; },
  { path = "/own"; handler = "tell"; text = "own options"; methods = [ "OPTIONS" ]; },
  { path = "/own"; handler = "tell"; text = "own"; methods = [ "GET" ]; },
  { path = "/own"; handler = "tell"; text = "own head"; methods = [ "HEAD" ]; },
  { path = "/:any"; handler = "tell"; methods = [ "PATCH" ]; },
  { path = "/same"; handler = "tell"; text = "rest"; } ); };
websocket = { chain = [ "access-log" ]; routes = (
  { path = "/ws"; handler = "tell"; }, { path = "/both"; handler = "tell"; },
  { path = "/same"; handler = "tell"; } ); };
"""


class Methods(unittest.TestCase):
    def test_head(self):
        with Site(METHODS) as site:
            fixed = "X-Request-Id: fixed\r\n"
            get, head = (site.ask("/get", method, headers=fixed) for method in ("GET", "HEAD"))
            del get[1]["date"], head[1]["date"]
            self.assertEqual(get[:2], head[:2])
            self.assertEqual((get[2], head[2]), ("get\n", ""))
            self.assertEqual(get[1]["content-length"], "4")
            self.assertEqual({site.entry()["method"] for _ in range(2)}, {"GET", "HEAD"})
            self.assertEqual(site.ask("/own", "HEAD")[1]["content-length"], "9")
            self.assertEqual(site.ask("/post", "HEAD")[0], 405)

    def test_options(self):
        with Site(METHODS) as site:
            for target, status, allow in (
                    ("/get", 204, "GET, HEAD, PATCH, OPTIONS"),
                    ("/post", 204, "POST, PATCH, OPTIONS"),
                    ("/ws", 204, "GET, HEAD, PATCH, OPTIONS"),
                    ("/both", 204, "GET, HEAD, PUT, PATCH, OPTIONS"),
                    ("/other", 204, "PATCH, OPTIONS"), ("/none/none", 404, None),
                    ("/own", 200, None),
                    ("*", 204, "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS")):
                answer = site.ask(target, "OPTIONS")
                self.assertEqual((answer[0], answer[1].get("allow")), (status, allow), target)
                self.assertIn("x-request-id", answer[1])
                line = site.entry()
                self.assertEqual((line["target"], line["status"]), (target, status))
                self.assertEqual(line["route"], "/own" if target == "/own" else None)
                if status == 204:
                    self.assertEqual(answer[2], "")
                    self.assertNotIn("content-length", answer[1])
            self.assertEqual(site.ask("/own", "OPTIONS")[2], "own options\n")
            self.assertEqual(site.ask("*", "GET")[0], 400)

    def test_allow(self):
        with Site(METHODS) as site:
            for target, method, allow in (
                    ("/get", "DELETE", "GET, HEAD, PATCH, OPTIONS"),
                    ("/post", "GET", "POST, PATCH, OPTIONS"),
                    ("/post", "BREW", "POST, PATCH, OPTIONS"),
                    ("/post", "get", "POST, PATCH, OPTIONS"),
                    ("/own", "POST", "GET, HEAD, PATCH, OPTIONS"),
                    ("/ws", "POST", "GET, HEAD, PATCH, OPTIONS")):
                answer = site.ask(target, method)
                self.assertEqual((answer[0], answer[1]["allow"]), (405, allow), (target, method))

    def test_both_lanes(self):
        with Site(METHODS) as site:
            self.assertEqual(site.ask("/same")[2], "rest\n")
            self.assertEqual(site.entry()["lane"], "rest")
            self.assertEqual(site.parameter("/same", "x"), "x=NULL")
            line = site.entry()
            self.assertEqual((line["lane"], line["route"]), ("websocket", "/same"))
            self.assertEqual(site.ask("/both", "PUT")[2], "rest\n")
            self.assertEqual(site.parameter("/both", "x"), "x=NULL")


SLASH = """
rest = { chain = [ "access-log" ]; redirect_slash = true; routes = (
  { path = "/dir/"; handler = "respond"; methods = [ "GET", "POST" ]; },
  { path = "/file"; handler = "respond"; methods = [ "GET", "POST" ]; },
  { path = "/app/*rest"; handler = "respond"; },
  { path = "/u/:name"; handler = "respond"; },
  { path = "/no/"; handler = "respond"; redirect_slash = false; },
  { path = "/:a/evil/"; handler = "respond"; },
  { path = "/evil/"; handler = "respond"; },
  { path = "//evil/"; handler = "respond"; },
  { path = "/caf\u00e9/"; handler = "respond"; },
  { path = "/\\\\\\\\evil/"; handler = "respond"; },
  { prefix = "/off"; redirect_slash = false; routes = (
      { path = "/dir/"; handler = "respond"; },
      { path = "/on/"; handler = "respond"; redirect_slash = true; } ); } ); };
"""


class Redirects(unittest.TestCase):
    def check(self, site, target, location, method="GET", status=301):
        answer = site.ask(target, method)
        self.assertEqual((answer[0], answer[1].get("location")), (status, location), target)

    def test_both_ways(self):
        with Site(SLASH) as site:
            self.check(site, "/dir", "/dir/")
            self.check(site, "/file/", "/file")
            self.check(site, "/dir?a=b/&c", "/dir/?a=b/&c")
            self.check(site, "/file/?", "/file?")
            self.check(site, "/dir", "/dir/", "HEAD")
            self.check(site, "/dir?x", "/dir/?x", "POST", 308)
            self.check(site, "/file/", "/file", "POST", 308)
            self.check(site, "/app", "/app/")
            self.check(site, "/u/me/", "/u/me")
            self.check(site, "http://localhost/dir?q", "/dir/?q")
            self.check(site, "/dir/", None, status=200)
            self.check(site, "/file", None, status=200)
            self.check(site, "/dir", None, "DELETE", 404)

    def test_where_it_is_off(self):
        with Site(SLASH) as site:
            self.check(site, "/no", None, status=404)
            self.check(site, "/off/dir", None, status=404)
            self.check(site, "/off/on", "/off/on/")
        with Site(SLASH.replace("redirect_slash = true; routes", "routes")) as site:
            self.check(site, "/dir", None, status=404)
            self.check(site, "/file/", None, status=404)

    def test_leads_to_this_host_and_ends(self):
        """A Location never begins with two slashes, and what it names is there."""
        with Site(SLASH) as site:
            for target in ("//evil", "/.//evil", "/%2e//evil", "/x/..//evil", "/.//evil?q"):
                self.check(site, target, None, status=404)
            for target in ("/dir/.", "/x/../dir", "/file/x/..", "/./file/", "/%64ir", "/u/a%2Fb/",
                           "/u/a%25b/", "/u/%22%0D%0Ax/", "/caf%C3%A9", "/file/.", "/u/x/y/..",
                           "/%5C%5Cevil", "/\\\\evil"):
                status, fields, _ = site.ask(target)
                if status == 301:
                    self.assertRegex(fields["location"], r"^/[!-~]*$", target)
                    self.assertNotRegex(fields["location"], r"^/[/\\]", target)
                    status = site.ask(fields["location"])[0]
                self.assertEqual(status, 200, target)


HOSTS = """
rest = { chain = [ "access-log" ]; routes = (
  { path = "/one"; handler = "tell"; text = "exact"; host = "api.example.org"; },
  { path = "/one"; handler = "tell"; text = "below"; host = "*.Example.org"; },
  { path = "/one"; handler = "tell"; text = "below a"; host = "*.a.example.org"; },
  { path = "/one"; handler = "tell"; text = "any"; },
  { path = "/one"; handler = "tell"; text = "literal"; host = "[::1]"; },
  { path = "/one"; handler = "tell"; text = "address"; host = "127.0.0.1"; },
  { path = "/two"; handler = "tell"; text = "exact post"; host = "api.example.org"; methods = [ "POST" ]; },
  { path = "/two"; handler = "tell"; text = "below put"; host = "*.example.org"; methods = [ "PUT" ]; },
  { path = "/two"; handler = "tell"; text = "any patch"; methods = [ "PATCH" ]; },
  { host = "only.example.org"; routes = ( { path = "/only"; handler = "tell"; text = "only"; } ); } ); };
websocket = { routes = (
  { path = "/ws/:p"; handler = "tell"; host = "api.example.org"; },
  { path = "/ws/:q"; handler = "tell"; host = "*.example.org"; },
  { path = "/ws/:r"; handler = "tell"; } ); };
"""


class Hosts(unittest.TestCase):
    def test_hosts(self):
        with Site(HOSTS) as site:
            for host, text in (("api.example.org", "exact"), ("API.Example.ORG", "exact"),
                               ("api.example.org:8080", "exact"), ("api.example.org:", "exact"),
                               ("api.example.org.", "exact"), ("X.example.org.:1", "below"),
                               (".", "any"), ("api.example.org..", "any"),
                               ("x.example.org", "below"), ("X.EXAMPLE.org:1", "below"),
                               ("x.y.example.org", "below"), ("x.a.example.org", "below a"),
                               ("a.example.org", "below"), ("example.org", "any"),
                               (".example.org", "any"), ("xexample.org", "any"),
                               ("api.example.org.evil", "any"), ("[::1]", "literal"),
                               ("[::1]:80", "literal"), ("[::2]", "any"), ("127.0.0.1", "address"),
                               ("127.0.0.1:80", "address"), ("127.0.0.10", "any")):
                self.assertEqual(site.ask("/one", host=host)[2], text + "\n", host)

    def test_absolute_targets(self):
        """Their authority counts, and not Host (RFC 9112, 3.2.2)."""
        with Site(HOSTS) as site:
            for target, host, text in (
                    ("http://api.example.org/one", "x", "exact"),
                    ("HTTP://Api.Example.org:81/one?q", "x.example.org", "exact"),
                    ("http://x/one", "api.example.org", "any")):
                self.assertEqual(site.ask(target, host=host)[2], text + "\n", target)
            self.assertEqual(site.ask("http:///one")[0], 400)
            self.assertEqual(site.ask("http://u@x/one")[0], 400)

    def test_without_host(self):
        with Site(HOSTS) as site, site.socket() as sock:
            sock.sendall(b"GET /one HTTP/1.0\r\n\r\n")
            self.assertEqual(read_answer(sock)[2], b"any\n")

    def test_methods_are_gathered(self):
        with Site(HOSTS) as site:
            for host, allow in (("api.example.org", "POST, PUT, PATCH, OPTIONS"),
                                ("x.example.org", "PUT, PATCH, OPTIONS"), ("x", "PATCH, OPTIONS")):
                answer = site.ask("/two", host=host)
                self.assertEqual((answer[0], answer[1]["allow"]), (405, allow), host)
                answer = site.ask("/two", "OPTIONS", host)
                self.assertEqual((answer[0], answer[1]["allow"]), (204, allow), host)
            for method, text in (("POST", "exact post"), ("PUT", "below put"), ("PATCH", "any patch")):
                self.assertEqual(site.ask("/two", method, "api.example.org",
                                          "Content-Length: 0\r\n")[2], text + "\n")
            self.assertEqual(site.ask("/only", host="only.example.org")[2], "only\n")
            self.assertEqual(site.ask("/only")[0], 404)

    def test_websocket(self):
        with Site(HOSTS) as site:
            for host, name in (("API.example.org:1", "p"), ("x.example.org", "q"), ("x", "r")):
                self.assertEqual(site.parameter("/ws/v", name, host), name + "=v", host)


PARAMETERS = """
rest = { chain = [ "access-log" ]; routes = (
  { path = "/u/:id"; handler = "tell"; names = [ "id", "other" ]; },
  { path = "/u/:id/of/:name"; handler = "tell"; names = [ "id", "name" ]; },
  { path = "/x*y/:id"; handler = "tell"; names = [ "id" ]; },
  { path = "/app/:id/*rest"; handler = "tell"; names = [ "id", "rest" ]; },
  { path = "/stra\u00dfe/a%20b/c%2Fd"; handler = "tell"; text = "escapes"; } ); };
websocket = { routes = (
  { path = "/u/:id"; handler = "tell"; }, { path = "/x*y/:id"; handler = "tell"; },
  { path = "/app/:id/*rest"; handler = "tell"; },
  { path = "/stra\u00dfe/a%20b/c%2Fd"; handler = "tell"; } ); };
"""
# Target, parameter, value; None: no route.
VALUES = [("/u/7", "id", "7"), ("/u/a%2Fb", "id", "a/b"), ("/u/a%2fb%2F", "id", "a/b/"),
          ("/u/a%20b+c", "id", "a b+c"), ("/u/%C3%BC\u00fc", "id", "\u00fc\u00fc"),
          ("/u/%2525", "id", "%25"), ("/u/a%252Fb", "id", "a%2Fb"), ("/u/7", "other", "NULL"),
          ("/u/", "id", None), ("/u/a/", "id", None), ("/u/..", "id", None), ("/u/%2E", "id", None),
          ("/u/.%2F", "id", "./"), ("/u/%2e%2e%2f", "id", "../"), ("/u/...", "id", "..."),
          ("/u/x/../7", "id", "7"), ("/u/x/%2e%2E/7", "id", "7"), ("/./u/./7", "id", "7"),
          ("/../../u/7", "id", "7"), ("/u/7/.", "id", None), ("/u//7", "id", None),
          ("/u/%2F", "id", "/"), ("/x*y/a%2Fb", "id", "a/b"), ("/x%2Ay/%2F", "id", "/"),
          ("/app/1/", "rest", ""), ("/app/1", "rest", None), ("/app/1/a", "rest", "a"),
          ("/app/1/a/b/", "rest", "a/b/"), ("/app/1//", "rest", "/"), ("/app/1/a%2Fb/c", "rest", "a%2Fb/c"),
          ("/app/a%2Fb/c", "id", "a/b"), ("/app/a%2Fb/", "id", "a/b"), ("/app/1/%20%C3%A9", "rest", " \u00e9"),
          ("/app/1/../2/x", "id", "2"), ("/app/1/a/..", "rest", ""), ("/app/1/%2e%2e/2/x", "id", "2"),
          ("/app/1/a%2F..%2Fb", "rest", "a%2F..%2Fb")]
ESCAPES = [("/stra\u00dfe/a%20b/c%2Fd", True), ("/stra%C3%9Fe/%61%20b/c%2fd", True),
           ("/stra\u00dfe/a%20b/c/d", False), ("/stra\u00dfe/a+b/c%2Fd", False),
           ("/Stra\u00dfe/a%20b/c%2Fd", False)]


class Parameters(unittest.TestCase):
    def test_rest(self):
        with Site(PARAMETERS) as site:
            for target, name, value in VALUES:
                status, _, body = site.ask(target)
                if value is None:
                    self.assertEqual(status, 404, target)
                else:
                    self.assertIn("\n%s=%s\n" % (name, value), body, target)
            self.assertEqual(site.ask("/u/a%2Fb/of/%20")[2], "\nid=a/b\nname= \n")
            for target, found in ESCAPES:
                self.assertEqual(site.ask(target)[0], 200 if found else 404, target)

    def test_websocket(self):
        with Site(PARAMETERS) as site:
            for target, name, value in VALUES:
                if value is None:
                    status, sock = site.open(target)
                    sock.close()
                    self.assertEqual(status, 404, target)
                else:
                    self.assertEqual(site.parameter(target, name), "%s=%s" % (name, value), target)
            for target, found in ESCAPES:
                status, sock = site.open(target)
                sock.close()
                self.assertEqual(status, 101 if found else 404, target)

    def test_bad_paths(self):
        with Site(PARAMETERS) as site:
            for target in ("/u/%", "/u/%4", "/u/%zz", "/u/%00", "/u/a%0", "/u/#x"):
                self.assertEqual(site.ask(target)[0], 400, target)
                status, sock = site.open(target)
                sock.close()
                self.assertEqual(status, 400, target)


if __name__ == "__main__":
    main()
