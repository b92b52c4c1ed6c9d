#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Sockets that a service manager passes on, by name and by place; and what can be wrong with them."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

from wye import PATIENCE, PLUGINS, PROGRAM, Wye, frame, main, read_answer, read_frame, reserved_port, wait_for

CONFIG = """
listen = ( %s );
http_threads = 2; stream_loops = 1; log_level = "debug"; plugin_path = "%s";
plugins = ( { load = "echo"; } );
rest = { routes = ( { path = "/"; handler = "respond"; body = "hello\\n"; } ); };
websocket = { routes = ( { path = "/ws"; handler = "echo"; } ); };
"""
REST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"

# Puts the descriptors that it gets to 3, 4 ..., and becomes the program.
MANAGER = """
import os, sys
names, count, own, *rest = sys.argv[1:]
fds = [int(one) for one in rest[:rest.index("--")]]
high = [os.dup(os.dup2(one, 100 + i)) and 100 + i for i, one in enumerate(fds)]
os.closerange(3, 100)
for i, one in enumerate(high):
    os.dup2(one, 3 + i, inheritable=True)
os.closerange(3 + len(high), 200)
os.environ["LISTEN_FDS"] = count or str(len(fds))
os.environ["LISTEN_PID"] = own or str(os.getpid())
if names != "-":
    os.environ["LISTEN_FDNAMES"] = names
program = rest[rest.index("--") + 1:]
os.execv(program[0], program)
"""


class Site(Wye):
    def __init__(self, listen, sockets, names="-", count="", own="", expect=0):
        self.folder = tempfile.TemporaryDirectory()
        self.errors = self.folder.name + "/errors"
        self.expect = expect
        with open(self.folder.name + "/wye.conf", "w") as out:
            out.write(CONFIG % (listen, PLUGINS))
        fds = [one.fileno() for one in sockets]
        with open(self.errors, "w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-c", MANAGER, names, count, own, *map(str, fds), "--",
                 PROGRAM, "-c", self.folder.name + "/wye.conf"],
                stdout=subprocess.DEVNULL, stderr=err, pass_fds=fds)
        wait_for("a start or an end", lambda: "listening on" in self.stderr() or
                 self.process.poll() is not None)


def listening(family=socket.AF_INET, where=("127.0.0.1", 0), kind=socket.SOCK_STREAM):
    sock = socket.socket(family, kind)
    sock.bind(where)
    if kind == socket.SOCK_STREAM:
        sock.listen()
    return sock


def connect(sock):
    client = socket.socket(sock.family)
    client.settimeout(PATIENCE)
    client.connect(sock.getsockname())
    return client


class Inherited(unittest.TestCase):
    def setUp(self):
        self.sockets = []
        self.addCleanup(lambda: [sock.close() for sock in self.sockets])

    def open(self, *arguments, **keywords):
        self.sockets.append(listening(*arguments, **keywords))
        return self.sockets[-1]

    def serves(self, sock):
        with connect(sock) as client:
            client.sendall(REST)
            self.assertEqual(read_answer(client)[2], b"hello\n")
            Wye.websocket(None, sock=client)
            client.sendall(frame(1, b"x"))
            self.assertEqual(read_frame(client), (1, b"x"))

    def test_names_and_places(self):
        with tempfile.TemporaryDirectory() as folder:
            first, second = self.open(), self.open(socket.AF_INET6, ("::1", 0))
            third, path = self.open(), folder + "/sock"
            fourth = self.open(socket.AF_UNIX, path)
            listen = '{ inherit = "pair"; }, { inherit = "local"; }, { inherit = "pair"; }, { inherit = "0"; }'
            with Site(listen, self.sockets, "one:pair:pair:local") as site:
                found = wait_for("four listeners", lambda: (lambda names: names if len(names) == 4 else None)(
                    re.findall(r"listening on (\S+)", site.stderr())))
                self.assertEqual(found, ["[::1]:%d" % second.getsockname()[1], "unix:" + path,
                                         "127.0.0.1:%d" % third.getsockname()[1],
                                         "127.0.0.1:%d" % first.getsockname()[1]])
                for sock in (first, second, third, fourth):
                    self.serves(sock)
                self.assertEqual(site.stop(), 0)
            self.assertTrue(os.path.exists(path))  # it is the manager's

    def test_without_names(self):
        with Site('{ inherit = "1"; }, { inherit = "0"; }', [self.open(), self.open()]):
            for sock in self.sockets:
                self.serves(sock)

    def test_waiting_clients(self):
        """Who came before the start is served."""
        sock = self.open()
        client = connect(sock)
        client.sendall(REST)
        with Site('{ inherit = "0"; }', [sock]), client:
            self.assertEqual(read_answer(client)[2], b"hello\n")

    def test_nobody_listens(self):
        first, second = self.open(), self.open()
        with Site('{ inherit = "a"; }', [first, second], "a:b") as site:
            self.assertIn('warning nobody listens on the inherited socket "b"', site.stderr())
            self.serves(first)

    def test_blocking_descriptors(self):
        """Nothing hangs on a connection that has gone before it was accepted."""
        sock = self.open()
        sock.setblocking(True)
        with Site('{ inherit = "0"; }', [sock]):
            for _ in range(50):
                connect(sock).close()
            self.serves(sock)

    def refused(self, wanted, listen, sockets, *arguments, **keywords):
        with Site(listen, sockets, *arguments, expect=3, **keywords) as site:
            self.assertEqual(site.process.wait(PATIENCE), 3, site.stderr())
            self.assertIn(wanted, site.stderr())
            self.assertNotIn("nobody listens", site.stderr())

    def test_wrong(self):
        one = [self.open()]
        by_name = '{ inherit = "http"; }'
        self.refused('no inherited socket is named "http"; there is "web"', by_name, one, "web")
        self.refused('no inherited socket is named "1"; there is "web"', '{ inherit = "1"; }', one, "web")
        self.refused('the inherited socket "http" is taken already', by_name + "," + by_name, one, "http")
        self.refused('there is no inherited socket "http": LISTEN_PID is not this process', by_name, one,
                     "http", own="1")
        self.refused("LISTEN_FDS is no number of sockets", by_name, one, "http", count="many")
        self.refused("LISTEN_FDS is too large", by_name, one, "http", count="65")
        self.refused("LISTEN_FDS counts more than there are", by_name, one, "http", count="9")
        with open("/dev/null") as other:
            self.refused('the inherited descriptor "http" is no socket: ', by_name, [other], "http")
        with listening(kind=socket.SOCK_DGRAM) as other:
            self.refused('the inherited socket "http" does not listen for streams', by_name, [other], "http")
        with socket.socket() as other:
            self.refused('the inherited socket "http" does not listen for streams', by_name, [other], "http")

    def test_none(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/conf", "w") as out:
                out.write(CONFIG % ('{ inherit = "http"; }', PLUGINS))
            done = subprocess.run([PROGRAM, "-c", folder + "/conf"], capture_output=True, text=True,
                                  timeout=PATIENCE)
            self.assertEqual(done.returncode, 3)
            self.assertIn('there is no inherited socket "http": LISTEN_FDS is not set', done.stderr)
            done = subprocess.run([PROGRAM, "-t", "-c", folder + "/conf"], capture_output=True, text=True,
                                  timeout=PATIENCE)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn('listen inherited "http"', done.stdout)

    def test_systemd(self):
        path = shutil.which("systemd-socket-activate")
        if not path:
            self.skipTest("systemd-socket-activate is not installed")
        with reserved_port() as reserved, tempfile.TemporaryDirectory() as folder:
            port = reserved.getsockname()[1]
            with open(folder + "/conf", "w") as out:
                out.write(CONFIG % ('{ inherit = "http"; }', PLUGINS))
            with subprocess.Popen([path, "-l", "127.0.0.1:%d" % port, "--fdname=http", PROGRAM, "-c",
                                   folder + "/conf"], stderr=subprocess.DEVNULL) as process:
                try:
                    client = wait_for("the socket", lambda: self.try_to(port))
                    with client:
                        client.sendall(REST)
                        self.assertEqual(read_answer(client)[2], b"hello\n")
                finally:
                    process.terminate()

    def try_to(self, port):
        try:
            return socket.create_connection(("127.0.0.1", port), PATIENCE)
        except ConnectionRefusedError:
            return None


if __name__ == "__main__":
    main()
