#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""No room for logs: requests are served all the same, losses are counted, lines stay whole."""

import os
import re
import resource
import subprocess
import tempfile
import time
import unittest

import failing  # noqa: F401 - makes those below importable
from test_descriptors import cpu_time
from wye import PROGRAM, SANITIZED, Wye, main, wait_for

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; }} );
http_threads = 1; stream_loops = 1;
middleware = ( {{ use = "access-log"; file = "{file}"; }} );
rest = {{ chain = [ "access-log" ]; routes = (
  {{ path = "/*rest"; handler = "respond"; body = "hello\\n"; }} ); }};
"""


class Disk(unittest.TestCase):
    def test_no_space(self):
        """ENOSPC at each write."""
        with Wye(config=CONFIG.format(file="/dev/full")) as wye:
            for _ in range(50):
                self.assertEqual(wye.get("/a").status, 200)
            wait_for("a count", lambda: wye.metrics()["log_write_errors_total"])
            start = cpu_time(wye.process.pid)
            time.sleep(1)
            self.assertLess(cpu_time(wye.process.pid) - start, 0.5 if SANITIZED else 0.2)
            self.assertEqual(wye.get("/a").status, 200)

    def test_it_fills_up_and_is_emptied(self):
        """The file can't grow any more, in the middle of a line; then it can."""
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "access.log")

            def lines():
                with open(log) as text:
                    return text.read().splitlines()

            with Wye(config=CONFIG.format(file=log)) as wye:
                wye.get("/before")
                wait_for("a line", lines)
                limit = os.path.getsize(log) + 20
                resource.prlimit(wye.process.pid, resource.RLIMIT_FSIZE, (limit, -1))
                for i in range(20):
                    self.assertEqual(wye.get("/full").status, 200)
                wait_for("a full file", lambda: os.path.getsize(log) == limit)
                time.sleep(0.3)
                self.assertEqual(wye.get("/full").status, 200)
                self.assertIsNone(wye.process.poll())
                resource.prlimit(wye.process.pid, resource.RLIMIT_FSIZE, (-1, -1))
                wye.get("/after")
                wait_for("a line after it", lambda: any("/after" in line for line in lines()))
                for line in lines():
                    self.assertRegex(line, r'^\S+ .* "GET /\w+ HTTP/1.1" 200 .*$')
                    self.assertEqual(line.count("GET"), 1, line)

    def test_nowhere_to_log(self):
        """stderr itself is full from the start."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "wye.conf")
            with open(path, "w") as out:
                out.write(CONFIG.format(file="/dev/full"))
            with open("/dev/full", "w") as full:
                process = subprocess.Popen([PROGRAM, "-c", path], stderr=full, stdout=full)
            try:
                wait_for("a listener", lambda: listens(process.pid))
                process.terminate()
                self.assertEqual(process.wait(20), 0)
            finally:
                process.kill()
                process.wait()


def listens(pid):
    """A socket of that process is in the kernel's list of listeners."""
    with open("/proc/net/tcp") as text:
        listening = {line.split()[9] for line in text.read().splitlines()[1:]
                     if line.split()[3] == "0A"}
    folder = "/proc/%d/fd" % pid
    for name in os.listdir(folder):
        try:
            found = re.match(r"socket:\[(\d+)\]", os.readlink(os.path.join(folder, name)))
        except FileNotFoundError:
            continue
        if found and found.group(1) in listening:
            return True
    return False


if __name__ == "__main__":
    main()
