# SPDX-License-Identifier: MIT
"""Peers that tests hold in their hand: slow, silent, strict; and a wye with tests/plugins/runtime."""

import json
import os
import re
import selectors
import socket
import struct
import time

from wye import PATIENCE, PLUGINS, TEST_PLUGINS, Wye, frame, read_head, upgrade, wait_for

CAUSES = ("peer handler reset protocol limit write_stall slow_consumer policy drain deadline "
          "silent idle lifetime rate").split()

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; }} );
plugin_path = "{plugins}";
http_threads = 2; stream_loops = {loops}; log_level = "debug"; blocking_threads = 8;
{top}
plugins = ( {{ load = "{tests}/runtime.so"; as = "runtime"; }}, {{ load = "echo"; }} {more} );
middleware = ( {{ use = "origin"; allow = [ "*" ]; }} );
rest = {{ routes = (
  {{ path = "/do"; handler = "runtime/do"; }},
  {{ path = "/wait"; handler = "runtime/wait"; }} {rest}
); }};
websocket = {{ chain = [ "origin", "{chain}" ]; routes = (
  {routes}
); }};
"""


class Answer(tuple):
    """Counts of verdicts: how many sends were queued, dropping, refused and so on; the last."""
    FIELDS = ("queued", "dropping", "again", "full", "gone", "other", "last")

    def __getattr__(self, name):
        return self[self.FIELDS.index(name)]


class Runtime(Wye):
    """A wye with WebSocket routes of the plugin `runtime`: a dict of path: settings."""

    def __init__(self, routes={"/ws": ""}, top="", more="", rest="", loops=2, expect=0,
                 before=None, chain="runtime/user"):
        lines = ['{ path = "%s"; handler = "%s"; %s }'
                 % (path, "runtime/peer" if "handler" not in settings else "", settings)
                 for path, settings in routes.items()]
        text = CONFIG.format(plugins=PLUGINS, tests=TEST_PLUGINS, top=top, more=more, rest=rest, loops=loops, chain=chain,
                             routes=",\n  ".join(lines).replace('handler = ""; ', ""))
        self.peers = []
        super().__init__(config=text, expect=expect, before=before)

    def order(self, text, path="/do"):
        """Has an order carried out on an http thread, or by /wait on the pool."""
        one = self.http()
        one.request("POST", path, text)
        answer = one.getresponse()
        body = answer.read().decode()
        one.close()
        assert answer.status == 200, (answer.status, body)
        return body

    def send(self, text, path="/do"):
        return Answer(map(int, self.order(text, path).split()))

    def describe(self, name):
        return json.loads(self.order("describe to=" + name, "/wait"))

    def closes(self):
        """How connections ended: name, cause, code, messages out."""
        lines = [line.split() for line in self.order("closes").splitlines()]
        return {name: (CAUSES[int(cause)], int(code), int(out)) for name, cause, code, out in lines}

    def wait_close(self, name):
        return wait_for("the end of " + name, lambda: self.closes().get(name))

    def peer(self, name, path="/ws", window=None, query="", **more):
        one = Peer(self, name, path, window, query, **more)
        self.peers.append(one)
        return one

    def __exit__(self, kind, value, trace):
        for one in self.peers:
            one.close()
        super().__exit__(kind, value, trace)

    def gauges_are_zero(self, patience=PATIENCE):
        """Everything that is of open connections is over with them."""
        def left():
            return {name: value for name, value in self.metrics().items() if value and re.match(
                r"ws_(connections_open$|backlog|route_backlog|groups$|group_members)|"
                r"outbox_bytes_waiting|plugin_\w+_open", name)}
        try:
            wait_for("gauges at 0", lambda: not left(), patience)
        except AssertionError:
            raise AssertionError("gauges that are not 0: %s" % left())


class Frames:
    """A strict parser of what a server sends: whole frames, no mask, no fragments, no torn end."""

    def __init__(self):
        self.data = bytearray()

    def feed(self, data):
        self.data += data
        frames, at = [], 0
        while True:
            found = self.parse(at)
            if not found:
                break
            at, opcode, payload = found
            frames.append((opcode, payload))
        del self.data[:at]
        return frames

    def parse(self, at):
        data = self.data
        if len(data) < at + 2:
            return None
        first, length = data[at], data[at + 1]
        assert first & 0x80 and not first & 0x70, "first byte %#x" % first
        opcode = first & 15
        assert opcode in (1, 2, 8, 9, 10), "opcode %d" % opcode
        assert length < 128, "a server's frame is masked"
        assert opcode < 8 or length < 126, "a long control frame"
        begin = at + 2
        if length == 126:
            begin = at + 4
            length = struct.unpack_from(">H", data, at + 2)[0] if len(data) >= begin else None
        elif length == 127:
            begin = at + 10
            length = struct.unpack_from(">Q", data, at + 2)[0] if len(data) >= begin else None
        if length is None or len(data) < begin + length:
            return None
        return begin + length, opcode, bytes(data[begin:begin + length])


class Peer:
    """A WebSocket client that reads, answers and sends only what it is told to."""

    def __init__(self, wye, name, path="/ws", window=None, query="", headers=""):
        self.wye, self.name = wye, name
        self.sock = socket.socket()
        if window:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(("127.0.0.1", wye.port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.sendall(upgrade("%s?name=%s%s" % (path, name, query), headers))
        head = read_head(self.sock)
        assert head.startswith("HTTP/1.1 101 "), head
        self.parser, self.frames, self.ended = Frames(), [], False
        if window:
            wye.order("shrink port=%d" % self.sock.getsockname()[1])

    def fileno(self):
        return self.sock.fileno()

    def read(self, size=1 << 20):
        """What is there now, or comes first. False at the end."""
        try:
            data = self.sock.recv(size)
        except ConnectionError:
            data = b""
        self.ended = not data
        self.frames += self.parser.feed(data)
        assert not self.ended or not self.parser.data or self.torn_allowed, "a torn frame"
        return not self.ended

    torn_allowed = False  # only where the connection may be cut

    def next(self):
        """The next frame of any kind; None at the end."""
        while not self.frames and self.read():
            pass
        return self.frames.pop(0) if self.frames else None

    def message(self):
        """The next message; control frames before it are passed over."""
        while True:
            one = self.next()
            if one is None:
                raise EOFError("the connection ended")
            assert one[0] != 8, one
            if one[0] < 8:
                return one[1]

    def read_until(self, wanted):
        """All frames up to the first for which wanted(opcode, payload)."""
        seen = []
        while True:
            one = self.next()
            if one is None:
                raise EOFError("the connection ended; seen: %r" % seen[-3:])
            seen.append(one)
            if wanted(*one):
                return seen

    def read_rest(self):
        """All frames up to the end of the connection."""
        while self.read():
            pass
        frames, self.frames = self.frames, []
        return frames

    def send(self, text):
        self.sock.sendall(frame(1, text.encode()))

    def order(self, text):
        """Has an order carried out on the connection's own loop."""
        self.send("!" + text)
        seen = self.read_until(lambda opcode, payload: opcode == 1 and payload[:1] == b"=")
        self.frames = seen[:-1] + self.frames
        return seen[-1][1][1:].decode()

    def pong(self, payload):
        self.sock.sendall(frame(10, payload))

    def ping(self, payload=b""):
        self.sock.sendall(frame(9, payload))

    def sync(self):
        """Everything sent before has been handled, everything queued before has come."""
        self.ping(b"sync")
        return self.read_until(lambda opcode, payload: opcode == 10 and payload == b"sync")[:-1]

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def numbers(frames):
    """The numbers of messages "NUMBER ...", in the order in which they came."""
    return [int(payload.split()[0]) for opcode, payload in frames if opcode == 1]


def control(frames):
    return [(opcode, payload) for opcode, payload in frames if opcode >= 8]


def is_stuck(wye, name):
    """Something waits, and nothing leaves any more."""
    seen = wye.describe(name)
    while seen["waiting"]:
        time.sleep(0.03)
        before, seen = seen, wye.describe(name)
        if seen["out"] == before["out"]:
            return True
    return False


def fill(wye, name, size=4096, options=""):
    """Sends numbered messages to a peer that does not read, until it is stuck. Returns how many."""
    batch, sent = max(1, 16384 // size), 0
    while not is_stuck(wye, name):
        count = wye.send("send to=%s count=%d size=%d from=%d %s" % (name, batch, size, sent, options))
        assert count.queued == batch, count
        sent += batch
        assert sent * size < 1 << 25, "it takes everything"
    return sent


class Crowd:
    """Many peers at once: connected, and read in one thread."""

    def __init__(self, peers):
        self.peers = peers
        self.selector = selectors.DefaultSelector()
        for peer in peers:
            peer.sock.setblocking(False)
            self.selector.register(peer, selectors.EVENT_READ)

    def read(self, done, patience=PATIENCE):
        """Reads whatever comes, until done() or the clock says so."""
        end = time.monotonic() + patience
        while not done() and time.monotonic() < end:
            for key, _ in self.selector.select(0.05):
                peer = key.fileobj
                try:
                    more = peer.read()
                except BlockingIOError:
                    continue
                if not more:
                    self.selector.unregister(peer)
        return done()

    def close(self):
        self.selector.close()
        for peer in self.peers:
            peer.close()
