# SPDX-License-Identifier: MIT
"""What long runs share: a daemon whose metrics are asked for often, crowds, namespaces, tables."""

import datetime
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

from wye import BUILD, PATIENCE, PLUGINS, TEST_PLUGINS, Wye  # noqa: E402

CROWD = os.path.join(BUILD, "tests", "long", "crowd")
AUTOGROUP = "/proc/self/autogroup"
RELAY = os.path.join(BUILD, "tests", "long", "relay")

CONFIG = """
listen = ( {{ address = "{address}"; port = 0; defer_accept = false; }} );
plugin_path = "{plugins}";
http_threads = 1; stream_loops = 2; log_level = "debug";
plugins = ( {heralds} );
middleware = ( {{ use = "access-log"; file = "{log}"; format = "json"; }} );
websocket = {{ chain = [ "access-log" ]; routes = ( {routes} ); }};
"""


def herald(name="herald", **settings):
    """An entry for the plugin `herald`."""
    texts = ["%s = %s;" % (key, json.dumps(value)) for key, value in settings.items()]
    return '{ load = "%s"; as = "%s"; %s }' % (
        os.path.join(TEST_PLUGINS, "herald.so"), name, " ".join(texts))


def route(path, handler, settings=""):
    return '{ path = "%s"; handler = "%s"; %s }' % (path, handler, settings)


class Daemon(Wye):
    """A wye whose log is read on from where it was."""

    def __init__(self, heralds, routes, address="127.0.0.1"):
        self.address = address
        self.rest = ""
        self.logs = tempfile.TemporaryDirectory()
        self.lines_file = os.path.join(self.logs.name, "access.log")
        super().__init__(config=CONFIG.format(
            address=address, plugins=PLUGINS, log=self.lines_file, heralds=", ".join(heralds),
            routes=", ".join(routes)))
        self.tail = open(self.errors)

    def __exit__(self, kind, value, trace):
        try:
            super().__exit__(kind, value, trace)
        finally:
            self.tail.close()
            self.logs.cleanup()

    def stderr(self):
        """Without what was asked for by metrics()."""
        return "".join(line for line in super().stderr().splitlines(True)
                       if " notice metrics {" not in line)

    def metrics(self):
        self.process.send_signal(signal.SIGUSR2)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.rest += self.tail.read()
            *lines, self.rest = self.rest.split("\n")
            found = [line for line in lines if " metrics {" in line]
            if found:
                return json.loads(found[-1][found[-1].index("{"):])
            time.sleep(0.002)
        raise AssertionError("waited in vain for metrics")

    def endings(self):
        """Of all connections so far: seconds since the epoch, and the access log's line."""
        with open(self.lines_file) as text:
            lines = [json.loads(line) for line in text.read().split("\n")[:-1]]
        for line in lines:
            at = datetime.datetime.strptime(line["time"], "%Y-%m-%dT%H:%M:%S.%fZ")
            line["at"] = at.replace(tzinfo=datetime.timezone.utc).timestamp()
        return lines

    def resident(self):
        """KB, when the heap has been trimmed, which a look at the metrics does."""
        self.metrics()
        time.sleep(0.2)
        with open("/proc/%d/status" % self.process.pid) as text:
            return [int(line.split()[1]) for line in text if line.startswith("VmRSS")][0]


class Helper:
    """A process that answers each line on its stdin with one line, and ends with it."""

    def __init__(self, words):
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        bufsize=0)
        self.buffer = b""

    def line(self, patience=PATIENCE):
        end = time.monotonic() + patience
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise AssertionError("no answer from %s" % self.process.args)
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                raise AssertionError("%s ended" % self.process.args)
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.end()


class Crowd(Helper):
    def __init__(self, target, count, buffer=0, before=()):
        super().__init__([*before, CROWD, target, str(count), str(buffer)])
        self.count = count
        self.report = json.loads(self.line())

    def say(self, *words):
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())
        return json.loads(self.line())

    def stop(self):
        return self.say("stop", 0, self.count)

    def slow(self, rate):
        return self.say("slow", 0, self.count, rate)


class Relay(Helper):
    def __init__(self, target, delay):
        super().__init__([RELAY, target, str(delay)])
        self.port = int(self.line())


def why_no_namespaces():
    """What is missing, or None."""
    if os.geteuid():
        return "not root"
    if not shutil.which("ip"):
        return "no ip (iproute2)"
    name = "wye-try-%d" % os.getpid()
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode:
        return "network namespaces are not allowed"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return None


class Namespace:
    """A network namespace with a link to it. Its end takes the link and what is in it along."""

    def __init__(self, number, leads_to=None):
        """`leads_to`: an address beyond the link's own that is reached through it."""
        self.name = "wye-long-%d-%d" % (os.getpid(), number)
        self.outer = "wl%d%s" % (number, format(os.getpid(), "x"))
        self.inner = "wi%d%s" % (number, format(os.getpid(), "x"))
        # 198.18.0.0/15 is for measurements (RFC 2544).
        self.address = "198.18.%d.1" % number
        self.run("ip", "netns", "add", self.name)
        try:
            self.fill(number, leads_to)
        except BaseException:
            self.end()
            raise

    def fill(self, number, leads_to):
        self.run("ip", "link", "add", self.outer, "type", "veth", "peer", "name", self.inner,
                 "netns", self.name)
        self.run("ip", "addr", "add", self.address + "/24", "dev", self.outer)
        self.run("ip", "link", "set", self.outer, "up")
        self.run("ip", "-n", self.name, "addr", "add", "198.18.%d.2/24" % number,
                 "dev", self.inner)
        self.leads_to = leads_to
        self.up(True)

    @staticmethod
    def run(*words):
        subprocess.run(words, check=True)

    def up(self, yes):
        """Down: all packets are lost, both ways, and nobody is told."""
        self.run("ip", "-n", self.name, "link", "set", self.inner, "up" if yes else "down")
        if yes and self.leads_to:  # a link that goes down loses its routes
            self.run("ip", "-n", self.name, "route", "replace", self.leads_to, "via", self.address)

    def inside(self):
        return ["ip", "netns", "exec", self.name]

    def end(self):
        subprocess.run(["ip", "link", "del", self.outer], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "netns", "del", self.name])

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.end()


def waited(pid):
    """Milliseconds that the threads of a process have waited for a CPU so far."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task)) as text:
            total += int(text.read().split()[1])
    return total / 1e6


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def span(values, form="%.1f"):
    """Lowest, median, highest."""
    if not values:
        return "none"
    return " / ".join(form % value for value in (min(values), median(values), max(values)))


def begin(options):
    """An interruption ends a run as an exception does: with all that it made removed."""
    if options.nice:
        os.nice(options.nice)
        if os.path.exists(AUTOGROUP):  # where niceness counts between sessions, not processes
            with open(AUTOGROUP, "w") as out:
                out.write(str(options.nice))
    def interrupted(number, frame):
        raise KeyboardInterrupt
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    sys.stdout.reconfigure(line_buffering=True)


class Verdict:
    """Prints each requirement as it is known, and whether all held at the end."""

    def __init__(self):
        self.bad = 0

    def ask(self, holds, what):
        print("%s: %s" % ("holds" if holds else "FALLS SHORT", what))
        self.bad += not holds

    def status(self):
        print("all holds" if not self.bad else "%d fall short" % self.bad)
        return 1 if self.bad else 0
