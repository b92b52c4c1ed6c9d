#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""WebSocket chains that wait: deferred and blocking steps, their ends, contexts, subprotocols.

What each step of a chain does is said by the query (tests/plugins/gate.c)."""

import json
import os
import random
import re
import signal
import socket
import unittest

from wye import (PATIENCE, PLUGINS, TEST_PLUGINS, Wye, close_code, frame, is_closed, main,
                 read_answer, read_frame, upgrade, wait_for)

REST = b"GET /trace HTTP/1.1\r\nHost: a\r\n\r\n"
_, GONE, DEADLINE, DRAIN, ENDED = range(5)  # causes of a cancelled context
LABELS = "abcde"

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false;
              trusted_proxies = [ "127.0.0.1/32" ]; }} );
plugin_path = "{plugins}";
http_threads = 2; stream_loops = 2; log_level = "debug"; {top}
plugins = ( {gates} );
middleware = ( {{ use = "access-log"; file = "{log}"; }} );
rest = {{ routes = ( {rest} {{ path = "/trace"; handler = "a/trace"; }} ); }};
websocket = {{
  chain = [ "access-log" ];
  routes = (
    {{ path = "/talk"; handler = "a/talk"; {route} }},
    {{ path = "/choose"; handler = "a/choose"; {route} }},
    {{ path = "/timed"; handler = "a/timed"; close_timeout = 0.5; {route} }},
    {{ path = "/count"; handler = "a/talk"; chain = [ "a/count" ]; {route} }},
    {{ path = "/defer"; handler = "a/talk"; chain = [ "a/count", "b/defer", "c/count" ]; {route} }},
    {{ path = "/block"; handler = "a/talk"; chain = [ "a/count", "b/block", "c/count" ]; {route} }},
    {{ path = "/mixed"; handler = "a/choose"; {route}
       chain = [ "a/count", "b/defer", "c/block", "d/defer", "e/block" ]; }},
    {{ path = "/timed/defer"; handler = "a/timed"; chain = [ "b/defer" ]; {route} }},
    {{ path = "/choose/defer"; handler = "a/choose"; chain = [ "b/defer" ]; {route} }}
  );
}};
"""


class Gate(Wye):
    """A wye whose instances a to e are gates; what they counted must balance at the end."""

    def __init__(self, top="", route="", **rest):
        self.root = os.path.join(TEST_PLUGINS, "gate.so")
        log = "/dev/null"
        gates = ", ".join('{ load = "%s"; as = "%s"; label = "%s"; }' % (self.root, one, one)
                          for one in LABELS)
        paths = " ".join('{ path = "/%s/%s"; handler = "%s/%s"; },' % (what, one, one, what)
                         for one in LABELS for what in ("counts", "release"))
        super().__init__(config=CONFIG.format(plugins=PLUGINS, top=top, route=route, log=log,
                                              gates=gates, rest=paths), **rest)

    def counts(self, label):
        return json.loads(self.get("/counts/" + label).text)

    def wait_count(self, label, name, value):
        wait_for("%s of %s = %s" % (name, label, value),
                 lambda: self.counts(label)[name] == value)

    def wait_left(self):
        """All steps that were entered are closed."""
        def left():
            return all(one["entered"] == one["left"] for one in map(self.counts, LABELS))
        wait_for("closed steps", left)

    def ask(self, target, headers="", source=None):
        sock = self.socket(source)
        sock.sendall(upgrade(target, headers))
        return sock

    def trace(self):
        return self.get("/trace").text


class Case(unittest.TestCase):
    def refused(self, sock, status, body=None, field=""):
        answer = read_answer(sock)
        self.assertEqual(answer[0], status)
        self.assertRegex(answer[1], "(?i)\r\nconnection: close\r\n")
        self.assertRegex(answer[1], r"\r\nDate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n")
        self.assertIn(field, answer[1])
        if body is not None:
            self.assertEqual(answer[2], body)
        self.assertTrue(is_closed(sock))
        sock.close()

    def accepted(self, sock, rounds=1):
        status, head, _ = read_answer(sock)
        self.assertEqual(status, 101)
        self.assertIn("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", head)
        for i in range(rounds):
            payload = b"%d" % i
            sock.sendall(frame(1, payload))
            self.assertEqual(read_frame(sock), (1, payload))
        return head

    def closes(self, sock):
        sock.sendall(frame(8, b"\x03\xe8"))
        self.assertEqual(close_code(sock), 1000)
        self.assertTrue(is_closed(sock))
        sock.close()


class Verdicts(Case):
    def test_accepted(self):
        with Gate() as gate:
            for target in ("/count", "/defer", "/defer?b=latepass:30", "/defer?b=run:0",
                           "/defer?b=again:10", "/block?b=pass:30", "/mixed",
                           "/mixed?b=latepass:5&c=pass:5&d=again:5&e=pass:5"):
                sock = gate.ask(target)
                self.accepted(sock, 3)
                self.closes(sock)
            gate.wait_left()
            self.assertEqual(gate.counts("b")["late"], 0)
            self.assertEqual(gate.counts("b")["twice"], gate.counts("b")["posted"])

    def test_thousand_messages(self):
        with Gate() as gate:
            sock = gate.ask("/defer?b=latepass:10")
            self.accepted(sock)
            sock.sendall(b"".join(frame(2, b"%d" % i) for i in range(1000)))
            for i in range(1000):
                self.assertEqual(read_frame(sock), (2, b"%d" % i))
            self.closes(sock)

    def test_refused(self):
        shut = b"the gate is shut\n"
        with Gate() as gate:
            for target, status, body, field in (
                    ("/defer?b=refuse", 403, shut, "\r\nX-Gate: shut\r\n"),
                    ("/defer?b=laterefuse:20", 429, b"later\n", ""),
                    ("/defer?b=runrefuse:20", 403, shut, "\r\nX-Gate: shut\r\n"),
                    ("/defer?c=refuse", 403, shut, "\r\nX-Gate: shut\r\n"),
                    ("/defer?b=latepass:5&c=refuse", 403, shut, "\r\nX-Gate: shut\r\n"),
                    ("/block?b=refuse:20", 403, shut, "\r\nX-Gate: shut\r\n"),
                    ("/block?b=refuse:20", 403, shut, "\r\nX-Block: 1\r\n"),
                    ("/block?c=refuse", 403, shut, "\r\nX-Block: 1\r\n"),
                    ("/mixed?d=laterefuse", 429, b"later\n", "\r\nX-Block: 1\r\n"),
                    ("/mixed?pick=refuse", 401, b"who are you\n", "\r\nX-Block: 1\r\n")):
                self.refused(gate.ask(target), status, body, field)
            gate.wait_left()
            metrics = gate.metrics()
            self.assertEqual(metrics["upgrades_refused_total"], 10)
            self.assertEqual(metrics["ws_connections_opened_total"], 0)
            self.assertEqual(metrics["ws_handshakes_waiting"], 0)

    def test_before_the_first_wait(self):
        """Refused on the http thread: the connection lives on."""
        with Gate() as gate:
            sock = gate.ask("/defer?a=refuse")
            self.assertEqual(read_answer(sock)[0], 403)
            sock.sendall(REST)
            self.assertEqual(read_answer(sock)[2], b"+a-a")
            sock.close()

    def test_wrong_request_behind_a_wait(self):
        with Gate() as gate:
            for request, status in ((upgrade("/defer", version="12"), 426),
                                    (upgrade("/defer", key="short"), 400),
                                    (upgrade("/block", key="short"), 400)):
                sock = gate.socket()
                sock.sendall(request)
                self.refused(sock, status,
                             field="Sec-WebSocket-Version: 13" if status == 426 else "")
            gate.wait_left()

    def test_order(self):
        with Gate() as gate:
            for target, trace in (
                    ("/mixed?b=latepass:5&c=pass:5&d=latepass&e=pass", "+a+b+c+d+e-e-d-c-b-a"),
                    ("/mixed?e=refuse:9", "+a+b+c+d+e-e-d-c-b-a"),
                    ("/mixed?d=runrefuse:9", "+a+b+c+d-d-c-b-a"),
                    ("/mixed?c=refuse:9", "+a+b+c-c-b-a"),
                    ("/mixed?b=laterefuse:9", "+a+b-b-a"),
                    ("/mixed?a=refuse", "+a-a")):
                gate.trace()
                sock = gate.ask(target)
                if read_answer(sock)[0] == 101:
                    self.closes(sock)
                gate.wait_left()
                self.assertEqual(gate.trace(), trace, target)
                sock.close()

    def test_lies(self):
        """A step that says one thing and does another: 500, and nothing else suffers."""
        with Gate() as gate:
            for target in ("/count?a=lie", "/count?a=empty", "/count?a=odd"):
                sock = gate.ask(target)
                self.assertEqual(read_answer(sock)[0], 500, target)
                sock.close()
            for target in ("/defer?b=lie", "/defer?b=empty", "/defer?b=runlie:5",
                           "/defer?b=runempty:5", "/defer?c=lie", "/block?b=lie",
                           "/block?b=empty", "/defer?b=odd", "/defer?b=runodd", "/block?b=odd", "/choose/defer?pick=lie", "/block?c=empty"):
                self.refused(gate.ask(target), 500, b"internal error\n")
            gate.wait_left()
            self.assertEqual(gate.metrics()["ws_handshakes_waiting"], 0)

    def test_no_ticket(self):
        """-EPERM without WYE_DEFERS, on the pool, and in a handler's handshake()."""
        with Gate() as gate:
            for target, label in (("/count?a=take", "a"), ("/defer?c=take", "c"),
                                  ("/block?b=take", "b"), ("/choose/defer", "a"),
                                  ("/choose", "a")):
                before = gate.counts(label)["eperm"]
                sock = gate.ask(target)
                self.accepted(sock)
                self.closes(sock)
                self.assertEqual(gate.counts(label)["eperm"], before + 1, target)

    def test_ticket_that_is_not_waited_for(self):
        """A step takes a ticket, says next, and the ticket is finished all the same."""
        with Gate() as gate:
            for target in ("/defer?b=ignored:20", "/mixed?b=ignored:10&c=pass:60",
                           "/mixed?b=ignored:10&d=latepass:40",
                           "/mixed?b=ignored&e=refuse:30"):
                sock = gate.ask(target)
                status = read_answer(sock)[0]
                self.assertEqual(status, 403 if "refuse" in target else 101)
                if status == 101:
                    self.closes(sock)
                sock.close()
            gate.wait_left()
            wait_for("all tries", lambda: gate.counts("b")["queued"] == 0)
            self.assertEqual(gate.counts("b")["runs"], 0)


class Gone(Case):
    """The client vanishes at each stage."""

    def gone(self, sock, reset):
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()

    def test_at_once(self):
        with Gate() as gate:
            for i in range(60):
                target = ("/defer?b=latepass:2", "/block?b=pass:2", "/mixed?e=refuse:1",
                          "/defer?b=laterefuse:2")[i % 4]
                self.gone(gate.ask(target), i % 8 > 3)
            gate.wait_left()
            gate.wait_metric("ws_connections_open", 0)
            self.assertEqual(gate.metrics()["ws_handshakes_waiting"], 0)

    def test_while_a_ticket_is_out(self):
        with Gate() as gate:
            for number, reset in ((1, False), (2, True)):
                sock = gate.ask("/defer?b=run:100000")
                gate.wait_count("b", "queued", 1)
                self.gone(sock, reset)
                gate.wait_left()
                gate.wait_metric("ws_handshakes_waiting", 0)
                gate.get("/release/b")
                gate.wait_count("b", "late", number)
                counts = gate.counts("b")
                self.assertEqual((counts["runs"], counts["nulls"]), (0, 0))
                self.assertEqual(counts["handshakes"][GONE], number)
                self.assertEqual(gate.counts("a")["handshakes"][GONE], number)
            self.assertEqual(gate.counts("c")["entered"], 0)
            self.assertEqual(gate.metrics()["upgrades_refused_total"], 0)

    def test_while_a_step_blocks(self):
        with Gate() as gate:
            sock = gate.ask("/block?b=pass:100000")
            gate.wait_count("b", "entered", 1)
            self.gone(sock, False)
            wait_for("a cancelled context", lambda: gate.counts("a")["handshakes"][GONE] == 1)
            self.assertEqual(gate.counts("b")["left"], 0)
            gate.get("/release/b")
            gate.wait_left()
            self.assertEqual(gate.trace(), "+a+b-b-a")
            gate.wait_metric("ws_handshakes_waiting", 0)

    def test_while_a_step_is_queued(self):
        """It never ran: neither its handshake nor its closed."""
        with Gate(top="blocking_threads = 1;") as gate:
            first = gate.ask("/block?b=pass:100000")
            gate.wait_count("b", "entered", 1)
            second = gate.ask("/block?b=pass:100000")
            gate.wait_metric("blocking_queued", 1)
            self.gone(second, False)
            gate.wait_metric("blocking_queued", 0)
            gate.wait_count("a", "left", 1)
            self.assertEqual(gate.counts("b")["entered"], 1)
            gate.get("/release/b")
            self.accepted(first)
            self.closes(first)
            self.assertEqual(gate.counts("b")["stray"], 0)

    def test_when_the_verdict_is_posted(self):
        with Gate() as gate:
            for verdict in ("run", "runrefuse", "latepass", "again"):
                for i in range(20):
                    sock = gate.ask("/defer?b=%s:100000" % verdict)
                    gate.wait_count("b", "queued", 1)
                    done = gate.http()
                    done.request("GET", "/release/b")
                    self.gone(sock, i % 2)
                    done.getresponse().read()
                    done.close()
                    wait_for("the verdict", lambda: gate.counts("b")["queued"] == 0)
            gate.wait_left()
            gate.wait_metric("ws_connections_open", 0)
            self.assertEqual(gate.metrics()["ws_handshakes_waiting"], 0)

    def test_data_before_the_101(self):
        """A client has nothing to say yet: it is cut."""
        with Gate() as gate:
            for target in ("/defer?b=never", "/block?b=pass:100000"):
                sock = gate.ask(target)
                gate.wait_metric("ws_handshakes_waiting", 1)
                sock.sendall(frame(1, b"early"))
                self.cut_early(gate, sock)
                sock = gate.socket()
                sock.sendall(upgrade(target) + frame(1, b"early"))
                self.cut_early(gate, sock)

    def cut_early(self, gate, sock):
        self.assertTrue(is_closed(sock))
        sock.close()
        gate.get("/release/b")
        gate.wait_metric("ws_handshakes_waiting", 0)
        gate.wait_left()

    def test_many(self):
        """500 tickets finished in any order by four threads; a third of the clients is gone."""
        with Gate() as gate:
            verdicts = ("latepass", "run", "runrefuse", "laterefuse", "again")
            socks = [(gate.ask("/defer?b=%s:100000" % verdicts[i % 5]), i) for i in range(500)]
            gate.wait_count("b", "queued", 500)
            self.assertEqual(gate.metrics()["ws_handshakes_waiting"], 500)
            random.shuffle(socks)
            for sock, _ in socks[:80]:
                sock.close()
            gate.wait_metric("ws_handshakes_waiting", 420)
            done = gate.http()
            done.request("GET", "/release/b")
            for sock, _ in socks[80:167]:
                sock.close()
            done.getresponse().read()
            done.close()
            wanted = {0: 101, 1: 101, 2: 403, 3: 429, 4: 101}
            for sock, i in socks[167:]:
                self.assertEqual(read_answer(sock)[0], wanted[i % 5])
                sock.close()
            gate.wait_left()
            gate.wait_metric("ws_connections_open", 0)
            wait_for("all tries", lambda: gate.counts("b")["queued"] == 0)
            counts = gate.counts("b")
            self.assertEqual(counts["entered"], 500)
            self.assertEqual(counts["again"], 0)
            self.assertGreaterEqual(counts["late"], 80)
            self.assertEqual(gate.metrics()["ws_handshakes_waiting"], 0)


class Limits(Case):
    def test_handshake_timeout(self):
        with Gate(route="handshake_timeout = 0.1;") as gate:
            self.refused(gate.ask("/defer?b=never"), 503, b"timed out\n")
            self.refused(gate.ask("/mixed?b=again&d=never"), 503, b"timed out\n")
            sock = gate.ask("/defer?b=run:100000")
            self.refused(sock, 503, b"timed out\n")
            gate.get("/release/b")
            gate.wait_count("b", "late", 1)
            gate.wait_left()
            self.assertEqual(gate.counts("b")["handshakes"][DEADLINE], 3)
            self.assertIn("b/defer did not decide on a handshake in time", gate.stderr())

    def test_handshake_timeout_of_a_blocking_step(self):
        """It can't be taken back: the client hears 503 when it returns, whatever it says."""
        with Gate(route="handshake_timeout = 0.1;") as gate:
            for late, (verdict, status) in enumerate((("pass", 503), ("refuse", 403))):
                sock = gate.ask("/block?b=%s:100000" % verdict)
                wait_for("the deadline", lambda: gate.stderr().count("in time") > late)
                gate.get("/release/b")
                self.refused(sock, status)
            for _ in range(6):  # the two meet
                sock = gate.ask("/block?b=refuse:100")
                self.assertIn(read_answer(sock)[0], (403, 503))
                sock.close()
            gate.wait_left()
            self.assertEqual(gate.counts("c")["entered"], 0)

    def test_deadline_of_a_step(self):
        """A step makes the time shorter: on its http thread, for the loop that waits."""
        with Gate() as gate:
            self.refused(gate.ask("/defer?a=hurry:100&b=never"), 503, b"timed out\n")
            gate.wait_left()
            self.assertEqual(gate.counts("a")["handshakes"], [0, 0, 1, 0, 0])
            sock = gate.ask("/defer?a=hurry:300")  # in time: the connection has its own
            self.accepted(sock)
            self.wait_longer(gate, 350)
            self.closes(sock)

    def wait_longer(self, gate, milliseconds):
        other = gate.ask("/defer?b=latepass:%d" % milliseconds)
        self.accepted(other)
        self.closes(other)

    def test_deadline_of_a_refusal(self):
        """It is over while an http thread still writes the refusal to a slow reader."""
        with Gate() as gate:
            sock = gate.ask("/count?a=bulk:100")
            self.wait_longer(gate, 300)
            status, _, body = read_answer(sock)
            self.assertEqual((status, len(body)), (403, 1 << 24))
            sock.close()
            gate.wait_left()

    def test_full_queue(self):
        with Gate(top="blocking_threads = 1; blocking_queue = 2;") as gate:
            running = gate.ask("/block?b=pass:100000")
            gate.wait_count("b", "entered", 1)
            queued = [gate.ask("/block?b=pass:100000") for _ in range(2)]
            gate.wait_metric("blocking_queued", 2)
            self.refused(gate.ask("/block"), 503, b"busy\n")
            for i in range(3):
                gate.wait_count("b", "entered", i + 1)
                gate.get("/release/b")
            for sock in [running] + queued:
                self.accepted(sock)
                self.closes(sock)
            gate.wait_left()
            counts = gate.counts("b")
            self.assertEqual((counts["entered"], counts["stray"]), (3, 0))

    def test_slots_of_an_address(self):
        """One connection per address: given back after each kind of end."""
        address = "127.0.0.5"
        with Gate(top="max_connections_per_address = 1;",
                  route="handshake_timeout = 0.3;") as gate:
            def answer(target):
                def ask():
                    """The place may be on its way back."""
                    sock = gate.ask(target, source=address)
                    try:
                        status, head, body = read_answer(sock)
                    except ConnectionError:
                        status, body = 503, b"full"
                    if status == 503 and body not in (b"timed out\n", b"busy\n"):
                        sock.close()
                        return None
                    return sock, status
                return wait_for("a place", ask)

            for target, status in (("/defer?b=latepass:5", 101), ("/defer?b=laterefuse:5", 429),
                                   ("/block?b=pass:5", 101), ("/block?b=refuse:5", 403),
                                   ("/defer?b=never", 503), ("/defer?b=lie", 500),
                                   ("/count", 101), ("/count?a=refuse", 403),
                                   ("/mixed?d=refuse", 403)):
                sock, got = answer(target)
                self.assertEqual(got, status, target)
                if got == 101 or got == 403 and "count" in target:
                    other = gate.socket(address)  # while it is held there is no other
                    self.assertEqual(read_answer(other)[0], 503, target)
                    other.close()
                sock.close()
            sock, _ = answer("/count")
            sock.close()
            for target in ("/defer?b=never", "/block?b=pass:100000"):
                def hold():
                    one = gate.ask(target, source=address)
                    try:
                        wait_for("a place", lambda:
                                 gate.metrics()["ws_handshakes_waiting"] == 1, 0.2)
                        return one
                    except AssertionError:
                        one.close()
                        return None
                one = wait_for("a handshake that waits", hold)
                one.close()
                gate.get("/release/b")
                sock, got = answer("/count")
                self.assertEqual(got, 101)
                sock.close()
            gate.wait_left()


class Stop(Case):
    def test_while_handshakes_wait(self):
        with Gate() as gate:
            socks = [gate.ask("/defer?b=never") for _ in range(50)]
            gate.wait_metric("ws_handshakes_waiting", 50)
            gate.process.send_signal(signal.SIGTERM)
            for sock in socks:
                self.refused(sock, 503, b"going away\n")
            self.assertEqual(gate.process.wait(PATIENCE), 0)

    def test_while_steps_block(self):
        """Those in the queue are refused at once, those that run when they are back."""
        with Gate(top="blocking_threads = 2;") as gate:
            socks = [gate.ask("/block?b=pass:300") for _ in range(6)]
            wait_for("six", lambda: gate.metrics()["blocking_queued"] == 4)
            gate.process.send_signal(signal.SIGTERM)
            for sock in socks:
                self.refused(sock, 503, b"going away\n")
            self.assertEqual(gate.process.wait(PATIENCE), 0)

    def test_cut(self):
        """A second signal: nothing is waited for, all ends are told."""
        with Gate(top="drain_delay = 10; blocking_threads = 1;", expect=4) as gate:
            socks = [gate.ask("/defer?b=never") for _ in range(5)]
            socks += [gate.ask("/block?b=pass:800") for _ in range(5)]
            gate.wait_metric("ws_handshakes_waiting", 10)
            gate.process.send_signal(signal.SIGTERM)
            wait_for("the stop", lambda: "stopping" in gate.stderr())
            gate.process.send_signal(signal.SIGTERM)
            self.assertIn(gate.process.wait(PATIENCE), (0, 4))
            gate.expect = gate.process.returncode
            for sock in socks:
                self.assertIn(read_answer(sock)[0], (0, 503))
                sock.close()

    def test_spread(self):
        """A step that runs on through a spread drain counts once."""
        with Gate(top="drain_spread = 0.25;") as gate:
            socks = [gate.ask("/defer?b=never") for _ in range(8)]
            gate.wait_metric("ws_handshakes_waiting", 8)
            socks.append(gate.ask("/block?b=pass:500"))  # the newest is ended first
            gate.wait_metric("ws_handshakes_waiting", 9)
            gate.process.send_signal(signal.SIGTERM)
            for sock in socks:
                self.refused(sock, 503, b"going away\n")
            self.assertEqual(gate.process.wait(PATIENCE), 0)


class Subprotocols(Case):
    def chosen(self, gate, target, headers):
        sock = gate.ask(target + "?hello=1", headers)
        status, head, _ = read_answer(sock)
        self.assertEqual(status, 101)
        found = re.findall(r"(?i)\r\nSec-WebSocket-Protocol: ([^\r]*)", head)
        self.assertLessEqual(len(found), 1)
        told = read_frame(sock)[1].decode()
        self.assertEqual(told, found[0] if found else "-")
        sock.close()
        return told

    def test_chosen(self):
        name = "Sec-WebSocket-Protocol: "
        with Gate() as gate:
            for target in ("/talk", "/defer"):
                for headers, wanted in (
                        ("", "-"), (name + "\r\n", "-"), (name + "v1.gate\r\n", "v1.gate"),
                        (name + "v1.gate, v2.gate\r\n", "v2.gate"),  # the server's order
                        (name + "v1.gate,v2.gate\r\n", "v2.gate"),
                        (name + "soap, wamp\r\n", "-"), (name + "V2.GATE\r\n", "-"),
                        (name + "v2.gat, v2.gatee\r\n", "-"),
                        (name + "soap\r\n" + name + "v1.gate\r\n", "v1.gate"),
                        (name + "v1.gate\r\n" + name.lower() + " ,, v2.gate ,\r\n", "v2.gate")):
                    self.assertEqual(self.chosen(gate, target, headers), wanted, headers)

    def test_by_the_handler(self):
        offer = "Sec-WebSocket-Protocol: mine, v1.gate\r\n"
        with Gate() as gate:
            for path in ("/choose", "/choose/defer", "/mixed"):
                for pick, result, wanted in (("mine", "0", "mine"), ("v1.gate", "0", "v1.gate"),
                                             ("none", "-2", "v1.gate")):
                    sock = gate.ask("%s?hello=1&pick=%s" % (path, pick), offer)
                    status, head, _ = read_answer(sock)
                    self.assertEqual(status, 101)
                    self.assertIn("\r\nX-Choose: %s\r\n" % result, head)
                    self.assertIn("\r\nSec-WebSocket-Protocol: %s\r\n" % wanted, head)
                    self.assertEqual(read_frame(sock), (1, wanted.encode()))
                    sock.close()
            self.refused(gate.ask("/choose/defer?pick=refuse"), 401, b"who are you\n")


class Contexts(Case):
    def causes(self, gate, wanted):
        """Two callbacks each; the third was taken back."""
        wait_for("callbacks %s" % wanted, lambda: gate.counts("a")["connections"] == wanted)

    def test_deadline(self):
        with Gate() as gate:
            for number, target in enumerate(("/timed?ms=300", "/timed/defer?b=latepass&ms=100")):
                sock = gate.ask(target)
                self.accepted(sock)
                self.assertEqual(close_code(sock), 1008)
                self.causes(gate, [0, 0, 2 * number + 2, 0, 0])
                sock.sendall(frame(8, b"\x03\xf0"))
                self.assertTrue(is_closed(sock))
                sock.close()
            gate.wait_metric("ws_connections_open", 0)
            self.assertEqual(gate.metrics()["ws_closed_deadline_total"], 2)
            self.causes(gate, [0, 0, 4, 0, 0])

    def test_deadline_at_once(self):
        with Gate() as gate:
            sock = gate.ask("/timed?ms=0")
            self.assertEqual(read_answer(sock)[0], 101)
            self.assertEqual(close_code(sock), 1008)
            sock.close()
            self.causes(gate, [0, 0, 2, 0, 0])

    def test_gone_before_the_deadline(self):
        with Gate() as gate:
            sock = gate.ask("/timed?ms=400")
            self.accepted(sock)
            sock.close()
            self.causes(gate, [0, 2, 0, 0, 0])
            gate.wait_metric("ws_connections_open", 0)

    def test_drain(self):
        with Gate() as gate:
            socks = [gate.ask("/timed?ms=60000"), gate.ask("/timed/defer?b=latepass")]
            for sock in socks:
                self.accepted(sock)
            keep = gate.http()
            keep.request("GET", "/trace")
            keep.getresponse().read()
            gate.process.send_signal(signal.SIGTERM)
            for sock in socks:
                self.assertEqual(close_code(sock), 1001)
                sock.sendall(frame(8, b"\x03\xe9"))
                self.assertTrue(is_closed(sock))
                sock.close()
            keep.close()
            self.assertEqual(gate.process.wait(PATIENCE), 0)
            self.assertIn("gate a: connections 0 0 0 4 0", gate.stderr())

    def test_of_handshakes(self):
        with Gate() as gate:
            sock = gate.ask("/defer?b=latepass")
            self.accepted(sock)  # its context has ended, the connection has its own
            wait_for("ended", lambda: gate.counts("b")["handshakes"] == [0, 0, 0, 0, 1])
            self.closes(sock)
            self.refused(gate.ask("/defer?b=laterefuse"), 429)
            gate.wait_left()
            self.assertEqual(gate.counts("a")["handshakes"], [0, 0, 0, 0, 1])


if __name__ == "__main__":
    main()
