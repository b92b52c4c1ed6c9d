#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Descriptors run out at each place where one is needed: an error, never a crash, a leak or a
thread that spins."""

import os
import resource
import subprocess
import tempfile
import time
import unittest

import failing  # noqa: F401 - makes those below importable
from operations import OPERATIONS, connect, get, make_site, talk
from wye import PATIENCE, PROGRAM, SANITIZED, Wye, main, wait_for

ROOM = 8  # descriptors that an operation needs at most
SMALL = """listen = ( { address = "127.0.0.1"; port = 0; } ); http_threads = 1; stream_loops = 1;
rest = { routes = ( { path = "/hello"; handler = "respond"; type = "text/plain";
                      body = "hello, world\\n"; } ); };
websocket = { routes = ( ); };"""


def cpu_time(pid):
    """Seconds."""
    with open("/proc/%d/stat" % pid) as text:
        fields = text.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Descriptors(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.config = make_site(self.folder)

    def limited(self, limit):
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    def test_start(self):
        """With too few of them it says so, and ends; with enough it serves."""
        path = os.path.join(self.folder, "small.conf")
        with open(path, "w") as out:
            out.write(SMALL)
        with Wye(config=SMALL) as wye:
            least = wye.descriptors()
        starts = [(limit, subprocess.Popen([PROGRAM, "-c", path], text=True,
                                           stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                           preexec_fn=self.limited(limit)))
                  for limit in range(4, least + 2)]
        for limit, process in starts:
            with self.subTest(limit):
                errors = process.communicate(timeout=PATIENCE)[1]
                self.assertEqual(process.returncode, 3, errors)
                self.assertRegex(errors, "Too many open files|the limit of %d descriptors is too "
                                 "low: the threads need [0-9]+, and [0-9]+ are left" % limit)
        with Wye(config=SMALL, before=self.limited(least + 12)) as wye:
            self.assertEqual(wye.get("/hello").text, "hello, world\n")

    def leave_many(self, wye):
        hard = resource.prlimit(wye.process.pid, resource.RLIMIT_NOFILE)[1]
        resource.prlimit(wye.process.pid, resource.RLIMIT_NOFILE, (hard, hard))

    def test_each_operation(self):
        with Wye(config=self.config) as wye:
            for name, operation in OPERATIONS.items():
                self.assertTrue(operation(wye), name)
            wye.wait_metric("http_connections_open", 0)
            before = wye.descriptors()
            for name, operation in OPERATIONS.items():
                for room in range(ROOM):
                    wye.leave_descriptors(room)
                    good = operation(wye)
                    self.leave_many(wye)
                    self.assertIsNone(wye.process.poll(), name)
                    wait_for("%s to be over, %d free" % (name, room),
                             lambda: wye.descriptors() <= before)
                self.assertTrue(good, "%s needs more than %d" % (name, ROOM))
            self.assertTrue(get("/hello")(wye) and talk(wye))

    def test_a_flood_does_not_spin(self):
        """Those that get no descriptor are told so, or wait; no thread runs round and round."""
        with Wye(config=self.config) as wye:
            self.assertTrue(talk(wye))
            wye.wait_metric("http_connections_open", 0)
            wye.leave_descriptors(3)
            flood = [connect(wye) for _ in range(100)]
            start = cpu_time(wye.process.pid)
            time.sleep(2)
            spent = cpu_time(wye.process.pid) - start
            print("%.2f s of CPU time in 2 s without descriptors" % spent)
            self.assertLess(spent, 1 if SANITIZED else 0.3)
            self.assertIn("no descriptor left", wye.stderr())
            for one in flood:
                one.close()
            self.leave_many(wye)
            wait_for("an answer", lambda: get("/hello")(wye))
            self.assertTrue(talk(wye))
            self.assertGreater(wye.metrics()["accept_no_descriptor_total"], 0)


if __name__ == "__main__":
    main()
