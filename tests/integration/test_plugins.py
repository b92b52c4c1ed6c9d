#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Plugins: told of start, drain and stop; threads, timers, tickets, the pool; one mounted twice;
each failure one line; who holds a loop or crashes is named; headers are C++ too."""

import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from wye import PLUGINS, PROGRAM, SANITIZED, TEST_PLUGINS, Wye, main, read_answer, wait_for

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; backlog = 4096; }} );
plugin_path = "{plugins}"; http_threads = 2; stream_loops = 2; log_level = "debug";
blocking_queue = 5000; max_waiting = 5000; keepalive_timeout = 300;
plugins = ( {{ load = "{workers}"; as = "one"; called = "first"; {settings} }},
            {{ load = "{workers}"; as = "two"; called = "second"; }} );
rest = {{ routes = (
  {{ path = "/one/defer"; handler = "one/defer"; }},
  {{ path = "/one/blocked"; handler = "one/defer"; chain = [ "one/blocks" ]; }},
  {{ path = "/one/counts"; handler = "one/counts"; }},
  {{ path = "/two/counts"; handler = "two/counts"; }},
  {{ path = "/spin/:what"; handler = "one/spin"; }},
  {{ path = "/crash/:what"; handler = "two/crash"; }} ); }};
"""


def config(settings=""):
    return CONFIG.format(plugins=PLUGINS, workers=os.path.join(TEST_PLUGINS, "workers.so"),
                         settings=settings)


def request(path):
    return b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode()


class Plugins(unittest.TestCase):
    def test_start_drain_stop(self):
        with Wye(config=config()) as wye:
            wye.get("/one/counts")
            self.assertEqual(wye.stop(), 0)
            said = re.findall(r"notice ((?:first|second): \w+|listening|stopping|stopped)",
                              wye.stderr())
            self.assertEqual(said, ["first: started", "second: started", "listening", "stopping",
                                    "second: draining", "first: draining", "second: stopped",
                                    "first: stopped", "stopped"])

    def test_mounted_twice(self):
        with Wye(config=config()) as wye:
            for _ in range(10):
                self.assertEqual(wye.get("/one/defer").text, "done\n")
            wait_for("10", lambda: wye.get("/one/counts").text.startswith("first finished 10 "))
            self.assertTrue(wye.get("/two/counts").text.startswith("second finished 0 "))
            wait_for("ticks of both", lambda: all(
                re.search(r" ticks [1-9]\d* posted 4\n", wye.get(path).text)
                for path in ("/one/counts", "/two/counts")))
            self.assertEqual(wye.metrics()["workers_finished_total"], 10)

    def test_blocking_middleware(self):
        with Wye(config=config()) as wye:
            socks = [wye.socket() for _ in range(100)]
            for _ in range(2):
                for sock in socks:
                    sock.sendall(request("/one/blocked"))
                for sock in socks:
                    status, head, body = read_answer(sock)
                    self.assertEqual((status, body), (200, b"done\n"))
                    self.assertIn("X-Blocked: yes", head)
            for sock in socks:
                sock.close()

    def test_thousand_deferred(self):
        """Finished in random order from 4 threads, a third after the client has gone."""
        with Wye(config=config("hold = 1000;")) as wye:
            socks = [wye.socket() for _ in range(999)]
            for sock in socks:
                sock.sendall(request("/one/defer"))
            wye.wait_metric("rest_requests_waiting", 999)
            random.Random(1).shuffle(socks)
            for sock in socks[:333]:
                sock.close()
            wye.wait_metric("rest_requests_waiting", 666)
            socks = socks[333:] + [wye.socket()]
            socks[-1].sendall(request("/one/defer"))  # the thousandth: now they are finished
            for sock in socks:
                self.assertEqual(read_answer(sock)[2], b"done\n")
                sock.close()
            wait_for("late ones", lambda: wye.get("/one/counts").text.startswith(
                "first finished 667 late 333 "))
            wye.wait_metric("rest_requests_waiting", 0)

    def test_who_holds_a_loop(self):
        with Wye(config=config()) as wye:
            self.assertEqual(wye.get("/spin/1").text, "spun\n")
            wait_for("a warning", lambda: "holds http-" in wye.stderr())
            self.assertRegex(wye.stderr(), r"warning one/spin holds http-\d for more than 100 ms, "
                                           r"on route /spin/:what;")
            self.assertEqual(wye.metrics()["plugin_slow_callbacks_total"], 1)

    @unittest.skipIf(SANITIZED, "a sanitizer tells more")
    def test_last_words(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "wye.conf")
            with open(path, "w") as out:
                out.write(config())
            err = os.path.join(folder, "err")
            with open(err, "w") as out:
                process = subprocess.Popen([PROGRAM, "-c", path], stderr=out, cwd=folder)
            text = lambda: open(err).read()
            port = wait_for("the listener", lambda: re.search(r"listening on \S+:(\d+)", text()))
            import socket
            sock = socket.create_connection(("127.0.0.1", int(port.group(1))))
            sock.sendall(request("/crash/now"))
            self.assertEqual(process.wait(60), -signal.SIGSEGV)
            sock.close()
            self.assertRegex(text().splitlines()[-1], r"^wye: crashed by signal 11, in two/crash, "
                                                      r"on route /crash/:what, thread http-\d$")


class Failures(unittest.TestCase):
    def run_wye(self, text, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            self.path = os.path.join(folder, "wye.conf")
            with open(self.path, "w") as out:
                out.write(text)
            return subprocess.run([PROGRAM, *arguments, "-c", self.path], capture_output=True,
                                  text=True, timeout=60)

    def test_start_fails(self):
        out = self.run_wye(config('fail = "start";'))
        self.assertEqual(out.returncode, 3)
        lines = [one for one in out.stderr.splitlines() if " error " in one]
        self.assertEqual(len(lines), 1, out.stderr)
        self.assertIn('"one" does not start: it was told to fail at the start', lines[0])
        self.assertNotIn("listening", out.stderr)

    def test_second_start_fails(self):
        text = config().replace('called = "second";', 'called = "second"; fail = "start";')
        out = self.run_wye(text)
        self.assertEqual(out.returncode, 3)
        self.assertIn('"two" does not start', out.stderr)
        self.assertIn("first: stopped", out.stderr)
        self.assertNotIn("second: stopped", out.stderr)

    def test_open_fails(self):
        for arguments in ((), ("-t",)):
            out = self.run_wye(config('fail = "open";'), *arguments)
            self.assertEqual(out.returncode, 1)
            self.assertEqual(out.stderr, self.path + ":5: it was told to fail\n")

    def test_same_name(self):
        out = self.run_wye(config().replace('as = "two"', 'as = "one"'), "-t")
        self.assertEqual(out.returncode, 1)
        self.assertIn(":6: there are two instances named \"one\"", out.stderr)

    def test_by_path_beside_the_config(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(os.path.join(PLUGINS, "greeter.so"), os.path.join(folder, "mine.so"))
            path = os.path.join(folder, "wye.conf")
            with open(path, "w") as out:
                out.write('listen = ( { port = 0; } ); plugins = ( { load = "./mine.so"; '
                          'as = "mine"; } ); rest = { routes = ( { path = "/"; '
                          'handler = "mine/greeter"; } ); };')
            out = subprocess.run([PROGRAM, "-t", "-c", path], capture_output=True, text=True,
                                 cwd="/", timeout=60)
            self.assertEqual(out.returncode, 0, out.stderr)


class Headers(unittest.TestCase):
    @unittest.skipUnless(shutil.which("c++"), "there is no C++ compiler")
    def test_cxx(self):
        """A plugin in C++, with all warnings, on the public headers alone."""
        source = r"""
            #include <wye/plugin.h>
            static wye_verdict handle(wye_request *request, const wye_mount *)
            {
                wye_reply(request, 200, "text/plain", "hello", 5);
                return WYE_ANSWERED;
            }
            static const wye_rest_handler handler = {
                sizeof(wye_rest_handler), "cxx", 0, nullptr, nullptr, nullptr, nullptr, handle,
                nullptr };
            static const wye_rest_handler *const handlers[] = { &handler, nullptr };
            static wye_plugin make()
            {
                wye_plugin plugin = {};
                plugin.abi = WYE_PLUGIN_ABI;
                plugin.size = sizeof plugin;
                plugin.name = "cxx";
                plugin.rest_handlers = handlers;
                return plugin;
            }
            WYE_EXPORT const wye_plugin wye_plugin;
            const struct wye_plugin wye_plugin = make();
        """
        include = os.path.join(os.path.dirname(__file__), "..", "..", "include")
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "cxx.cc")
            with open(file, "w") as out:
                out.write(source)
            for standard in ("c++11", "c++17", "c++20"):
                subprocess.run(["c++", "-std=" + standard, "-Wall", "-Wextra", "-Wpedantic",
                                "-Werror", "-shared", "-fPIC", "-I", include, "-o",
                                os.path.join(folder, "cxx.so"), file], check=True)
            out = os.path.join(folder, "wye.conf")
            with open(out, "w") as text:
                text.write('listen = ( { port = 0; } ); plugins = ( { load = "./cxx.so"; '
                           'as = "cxx"; } ); rest = { routes = ( { path = "/"; '
                           'handler = "cxx"; } ); };')
            subprocess.run([PROGRAM, "-t", "-c", out], check=True, stdout=subprocess.DEVNULL)

    @unittest.skipUnless(shutil.which("cc"), "there is no C compiler")
    def test_each_alone(self):
        include = os.path.join(os.path.dirname(__file__), "..", "..", "include")
        for name in sorted(os.listdir(os.path.join(include, "wye"))):
            subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                            "-fsyntax-only", "-I", include, "-x", "c", "-"], check=True,
                           input=b"#include <wye/%s>\nint unused;\n" % name.encode())


if __name__ == "__main__":
    main()
