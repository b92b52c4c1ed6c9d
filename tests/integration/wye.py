# SPDX-License-Identifier: MIT
"""Starts a wye of this build on a free port, talks to it, and ends it with all counts at zero."""

import concurrent.futures
import http.client
import io
import json
import os
import re
import resource
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest

BUILD = os.path.abspath(os.environ.get("WYE_BUILD", "."))
PROGRAM = os.path.join(BUILD, "wye")
PLUGINS = os.path.join(BUILD, "plugins", ".libs")
TEST_PLUGINS = os.path.join(BUILD, "tests", "plugins", ".libs")
SANITIZED = os.environ.get("WYE_SANITIZED") == "yes"
PATIENCE = 60 if SANITIZED else 20
KEY = "dGhlIHNhbXBsZSBub25jZQ=="

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; {listen} }} );
plugin_path = "{plugins}";
http_threads = 2; stream_loops = 2; log_level = "debug";
{top}
plugins = ( {{ load = "greeter"; }}, {{ load = "echo"; }}, {{ load = "{probe}"; as = "probe"; }} );
middleware = ( {{ use = "access-log"; file = "{log}"; }} );
rest = {{
  chain = [ "request-id", "access-log" ];
  routes = (
    {{ path = "/hello"; handler = "respond"; type = "text/plain"; body = "hello, world\\n"; }},
    {{ path = "/api/users/:id"; handler = "greeter"; methods = [ "GET" ]; }},
    {{ path = "/late"; handler = "probe/late"; delay = 50; }},
    {{ path = "/later"; handler = "probe/late"; delay = 700; ticket_timeout = 0.2; }},
    {{ path = "/silent"; handler = "probe/silent"; }},
    {{ path = "/results"; handler = "probe/results"; }},
    {{ path = "/block"; handler = "probe/block"; delay = 500; }}
  );
}};
websocket = {{
  chain = [ "request-id", "access-log", "origin" ];
  routes = (
    {{ path = "/ws"; handler = "echo"; {route} }},
    {{ path = "/flood"; handler = "probe/flood"; {route} }},
    {{ path = "/close/:name"; handler = "probe/close"; close_timeout = 0.5; }}
  );
}};
"""


def security_part(name):
    """What stands between two marks of docs/security.md."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "security.md")
    with open(path) as text:
        return re.search(r"<!-- {0} -->\n(.*)<!-- /{0} -->".format(name), text.read(), re.S).group(1)


def wait_for(what, condition, patience=PATIENCE):
    """Waits until condition() is true; the one place that looks at the clock."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited in vain for " + what)
        time.sleep(0.01)


class Wye:
    """A running daemon; use it by `with`."""

    def __init__(self, top="", listen="", route="", expect=0, before=None, config=None):
        self.folder = tempfile.TemporaryDirectory()
        self.log = os.path.join(self.folder.name, "access.log")
        self.errors = os.path.join(self.folder.name, "errors")
        self.expect = expect
        path = os.path.join(self.folder.name, "wye.conf")
        text = config or CONFIG.format(
            plugins=PLUGINS, probe=os.path.join(TEST_PLUGINS, "probe.so"), log=self.log,
            top=top, listen=listen, route=route)
        with open(path, "w") as out:
            out.write(text)
        with open(self.errors, "w") as err:
            self.process = subprocess.Popen([PROGRAM, "-c", path], stderr=err,
                                            stdout=subprocess.DEVNULL, preexec_fn=before)
        self.port = wait_for("the listener", self.find_port)

    def find_port(self):
        found = re.search(r"listening on \S+:(\d+)", self.stderr())
        if not found and self.process.poll() is not None:
            raise AssertionError("wye did not start: " + self.stderr())
        return found and int(found.group(1))

    def stderr(self):
        with open(self.errors) as text:
            return text.read()

    def metrics(self):
        """All counters and gauges, asked for by SIGUSR2."""
        seen = self.stderr().count(" metrics {")
        self.process.send_signal(signal.SIGUSR2)
        wait_for("metrics", lambda: self.stderr().count(" metrics {") > seen
                 and self.stderr().endswith("\n"))
        line = [one for one in self.stderr().splitlines() if " metrics {" in one][-1]
        return json.loads(line[line.index("{"):])

    def wait_metric(self, name, value, patience=PATIENCE):
        wait_for("%s = %s" % (name, value), lambda: self.metrics()[name] == value, patience)

    def access_lines(self):
        try:
            with open(self.log) as text:
                return text.read().splitlines()
        except FileNotFoundError:
            return []

    def wait_lines(self, count):
        wait_for("%d lines in the access log" % count, lambda: len(self.access_lines()) >= count)
        return self.access_lines()

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def leave_descriptors(self, room):
        """Only so many more may be opened."""
        used = {int(name) for name in os.listdir("/proc/%d/fd" % self.process.pid)}
        free = (number for number in range(1 << 20) if number not in used)
        for _ in range(room):
            next(free)
        hard = resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE)[1]
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (next(free), hard))

    def socket(self, source=None):
        one = socket.create_connection(("127.0.0.1", self.port), PATIENCE,
                                       (source, 0) if source else None)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return one

    def http(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def get(self, path, method="GET", headers={}):
        one = self.http()
        one.request(method, path, headers=headers)
        answer = one.getresponse()
        answer.text = answer.read().decode()
        one.close()
        return answer

    def url(self, path="/ws"):
        return "ws://127.0.0.1:%d%s" % (self.port, path)

    def websocket(self, path="/ws", headers="", sock=None):
        """A raw WebSocket: the socket after its 101."""
        sock = sock or self.socket()
        sock.sendall(upgrade(path, headers))
        head = read_head(sock)
        assert head.startswith("HTTP/1.1 101 "), head
        return sock

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def check_balance(self):
        """What a stop logs at level debug: nothing is open, each request has ended once."""
        lines = [one for one in self.stderr().splitlines() if " debug metrics {" in one]
        if not lines:
            return  # a config of the test's own
        last = json.loads(lines[-1][lines[-1].index("{"):])
        for gauge in ("ws_connections_open", "ws_handshakes_waiting", "http_connections_open",
                      "rest_requests_waiting", "blocking_queued", "blocking_running",
                      "streams_open", "ws_groups", "ws_group_members", "ws_backlog_messages",
                      "ws_backlog_bytes", "outbox_bytes_waiting"):
            assert last[gauge] == 0, (gauge, last)
        open_still = [name for name in last  # those with a label are left out at 0
                      if re.match(r"plugin_\w+_open\{|ws_route_backlog_", name)]
        assert not open_still, last
        assert last["rest_requests_total"] == last["rest_requests_ended_total"], last
        closed = sum(value for name, value in last.items() if name.startswith("ws_closed_"))
        assert last["ws_connections_opened_total"] == closed, last

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if self.process.poll() is None:
                status = self.stop()
                if not kind and status != self.expect:
                    raise AssertionError("exit status %s: %s" % (status, self.stderr()))
            if not kind:
                self.check_balance()
            if not kind and re.search("Sanitizer|runtime error", self.stderr()):
                raise AssertionError(self.stderr())
            if kind:
                print(self.stderr(), file=sys.stderr)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.folder.cleanup()


def check_config(text):
    """Exit status and errors of `wye -t`."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "wye.conf")
        with open(path, "w") as out:
            out.write(text)
        done = subprocess.run([PROGRAM, "-t", "-c", path], capture_output=True, text=True,
                              timeout=PATIENCE)
    return done.returncode, done.stderr


def reserved_port():
    """A socket whose port nobody else is given: who asks for it by number, as servers do (SO_REUSEADDR),
    may listen on it; until then connections are refused."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    return sock


def upgrade(path="/ws", headers="", key=KEY, version="13"):
    return ("GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: %s\r\n%s\r\n"
            % (path, key, version, headers)).encode()


def read_head(sock):
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        one = sock.recv(1)
        if not one:
            break
        data += one
    return data.decode("latin-1")


def read_answer(sock):
    """Status, head and body of one answer with a Content-Length; status 0 at the end."""
    head = read_head(sock)
    if not head:
        return 0, "", b""
    length = re.search(r"(?i)\r\ncontent-length: (\d+)", head)
    body = read_exactly(sock, int(length.group(1))) if length else b""
    return int(head.split()[1]), head, body


def read_exactly(sock, count):
    data, end = bytearray(count), 0
    while end < count:
        length = sock.recv_into(memoryview(data)[end:])
        if not length:
            raise EOFError("the connection ended after %d of %d bytes" % (end, count))
        end += length
    return bytes(data)


def read_to_end(sock):
    """What comes, and how it ends."""
    data = b""
    try:
        while True:
            piece = sock.recv(65536)
            if not piece:
                return data, "end"
            data += piece
    except ConnectionResetError:
        return data, "reset"
    except ssl.SSLError:
        return data, "no close_notify"


def is_closed(sock):
    """True when the peer ends the connection; what it still sends is read."""
    try:
        while sock.recv(65536):
            pass
        return True
    except ConnectionError:
        return True


def frame(opcode, payload=b"", fin=True, mask=b"\x11\x22\x33\x44", reserved=0, length=None):
    """A client's frame; `length` replaces the length bytes by others."""
    size = len(payload)
    if length is None:
        if size < 126:
            length = bytes([size])
        elif size < 65536:
            length = b"\x7e" + struct.pack(">H", size)
        else:
            length = b"\x7f" + struct.pack(">Q", size)
    first = (0x80 if fin else 0) | reserved | opcode
    head = bytes([first, length[0] | (0x80 if mask else 0)]) + length[1:]
    if not mask:
        return head + payload
    return head + mask + bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload))


def read_frame(sock):
    """Opcode and payload of a server's frame."""
    first, length = read_exactly(sock, 2)
    assert not length & 0x80, "a server's frame is masked"
    if length == 126:
        length = struct.unpack(">H", read_exactly(sock, 2))[0]
    elif length == 127:
        length = struct.unpack(">Q", read_exactly(sock, 8))[0]
    return first & 0x0F, read_exactly(sock, length)


def close_code(sock):
    """Code of the close frame that must come next, and the end behind it."""
    opcode, payload = read_frame(sock)
    assert opcode == 8, (opcode, payload)
    return struct.unpack(">H", payload[:2])[0] if payload else 1005


def main():
    unittest.main(verbosity=2)


def names(suite):
    for one in suite:
        yield from [one.id()] if isinstance(one, unittest.TestCase) else names(one)


def run_alone(name):
    """One test in a process of its own: what it says, and whether all is well."""
    out = io.StringIO()
    tests = unittest.defaultTestLoader.loadTestsFromName(name.partition(".")[2],
                                                         sys.modules["__main__"])
    result = unittest.TextTestRunner(out, verbosity=2).run(tests)
    return "%s\n%s" % (name, "" if result.wasSuccessful() else out.getvalue()), \
        result.wasSuccessful()


def main_at_once(count):
    """For tests that wait more than they work: so many at once; one by one when they are named."""
    if len(sys.argv) > 1:
        main()
    tests = sorted(names(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])))
    failed = 0
    with concurrent.futures.ProcessPoolExecutor(count) as pool:
        for text, well in pool.map(run_alone, tests):
            print("%s ... %s" % (text.rstrip("\n"), "ok" if well else "FAILED"), file=sys.stderr)
            failed += not well
    sys.exit(failed > 0)
