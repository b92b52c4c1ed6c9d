#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a wye that was started as root gives up, and that it can't be had again."""

import grp
import os
import pwd
import re
import resource
import socket
import subprocess
import tempfile
import unittest

from wye import PATIENCE, PLUGINS, PROGRAM, Wye, check_config, frame, main, read_answer, read_frame

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = {port}; }} {listen} );
http_threads = 2; stream_loops = 2; log_level = "debug"; plugin_path = "{plugins}"; {top}
plugins = ( {{ load = "echo"; }} );
{middleware}
rest = {{ chain = [ {chain} ]; routes = ( {{ path = "/"; handler = "respond"; body = "hello\\n"; }} ); }};
websocket = {{ routes = ( {{ path = "/ws"; handler = "echo"; }} ); }};
"""
USER = "nobody"
ROOT = os.geteuid() == 0


class Site(Wye):
    def __init__(self, top, listen="", middleware="", chain="", port=0, **keywords):
        # A process that became another user can't look at its own memory for leaks.
        os.environ["ASAN_OPTIONS"] = "detect_leaks=0"
        super().__init__(config=CONFIG.format(plugins=PLUGINS, top=top, listen=listen, port=port,
                                              middleware=middleware, chain=chain), **keywords)

    def status(self):
        """Of each thread: a dictionary."""
        folder = "/proc/%d/task/" % self.process.pid
        for task in os.listdir(folder):
            with open(folder + task + "/status") as text:
                yield dict(line.rstrip("\n").split(":\t", 1) for line in text if ":\t" in line)


def low_port():
    for port in range(1023, 600, -1):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no port below 1024 is free")


class Config(unittest.TestCase):
    def test_names(self):
        for settings, wanted in (
                ('user = "nobody-of-this-name";', 'there is no user "nobody-of-this-name"'),
                ('user = "nobody"; group = "no-group-of-this-name";',
                 'there is no group "no-group-of-this-name"'),
                ('group = "daemon";', '"group" goes with "user" only'),
                ('user = "root";', '"user" is to be one with fewer rights than "root"')):
            status, errors = check_config(CONFIG.format(
                plugins=PLUGINS, top=settings, listen="", port=0, middleware="", chain=""))
            self.assertEqual(status, 1)
            self.assertRegex(errors, r"\A\S+:3: ")
            self.assertIn(wanted, errors)


class Limits(unittest.TestCase):
    def core_limit(self, site):
        with open("/proc/%d/limits" % site.process.pid) as text:
            return re.search(r"Max core file size +(\S+) +(\S+)", text.read()).groups()

    def test_core_dumps(self):
        before = resource.getrlimit(resource.RLIMIT_CORE)[1]
        hard = "unlimited" if before == resource.RLIM_INFINITY else str(before)
        for top, wanted in (("", ("1", "1")), ("core_dumps = true;", (hard, hard))):
            with Site(top) as site:
                self.assertEqual(self.core_limit(site), wanted)

    def test_no_new_privileges(self):
        with Site("") as site:
            self.assertEqual({one["NoNewPrivs"] for one in site.status()}, {"1"})


@unittest.skipUnless(ROOT, "not started as root")
class Drop(unittest.TestCase):
    def setUp(self):
        self.user = pwd.getpwnam(USER)

    def works(self, site):
        with site.socket() as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(read_answer(sock)[2], b"hello\n")
            site.websocket("/ws", sock=sock)
            sock.sendall(frame(1, b"x"))
            self.assertEqual(read_frame(sock), (1, b"x"))

    def check(self, site, group):
        groups = " ".join(map(str, sorted(os.getgrouplist(USER, group))))
        threads = list(site.status())
        self.assertGreater(len(threads), 5)
        for one in threads:
            self.assertEqual(one["Uid"].split(), [str(self.user.pw_uid)] * 4)
            self.assertEqual(one["Gid"].split(), [str(group)] * 4)
            self.assertEqual(one["Groups"].strip(), groups)
            self.assertEqual(one["CapPrm"], one["CapEff"])
            self.assertEqual(int(one["CapPrm"], 16), 0)
            self.assertEqual(one["NoNewPrivs"], "1")
        self.assertIn('running as "%s"' % USER, site.stderr())

    def test_every_thread(self):
        port = low_port()
        with Site('user = "%s";' % USER, port=port) as site:
            self.assertEqual(site.port, port)
            self.check(site, self.user.pw_gid)
            self.works(site)

    def test_group(self):
        with Site('user = "%s"; group = "daemon";' % USER) as site:
            self.check(site, grp.getgrnam("daemon").gr_gid)
            self.works(site)

    def test_dumpable(self):
        """Who may look into the process owns its folder in /proc."""
        for top, owner in (("", 0), ("core_dumps = true;", self.user.pw_uid)):
            with Site('user = "%s"; ' % USER + top) as site:
                self.assertEqual(os.stat("/proc/%d/maps" % site.process.pid).st_uid, owner)

    def test_socket_file(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chown(folder, self.user.pw_uid, -1)
            path = folder + "/sock"
            with Site('user = "%s"; group = "daemon";' % USER, ', { unix = "%s"; }' % path) as site:
                found = os.stat(path)
                self.assertEqual((found.st_uid, found.st_gid, found.st_mode & 0o777),
                                 (self.user.pw_uid, grp.getgrnam("daemon").gr_gid, 0o660))
                self.assertEqual(site.stop(), 0)
                self.assertFalse(os.path.exists(path))

    def test_files_that_are_opened_again(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            log, keys = folder + "/log", folder + "/keys"
            with open(keys, "w") as out:
                out.write("somebody:" + "0" * 64 + "\n")
            middleware = ('middleware = ( { use = "access-log"; file = "%s"; }, '
                          '{ use = "api-key"; file = "%s"; } );' % (log, keys))
            for closed in (True, False):
                for path in (log, keys):
                    if os.path.exists(path):
                        os.chown(path, -1 if closed else self.user.pw_uid, -1)
                        os.chmod(path, 0o600)
                with Site('user = "%s";' % USER, middleware=middleware,
                          chain='"access-log", "api-key"') as site:
                    lines = site.stderr()
                    self.assertEqual(log + " can't be opened anew: Permission denied" in lines, closed)
                    self.assertEqual(keys + " can't be read again: Permission denied" in lines, closed)

    def become(self):
        os.setgroups([])
        os.setresgid(self.user.pw_gid, self.user.pw_gid, self.user.pw_gid)
        os.setresuid(self.user.pw_uid, self.user.pw_uid, self.user.pw_uid)

    def test_not_started_as_root(self):
        """Another user can't be had then; the same one is no matter."""
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            for user, starts in (("daemon", False), (USER, True)):
                with open(folder + "/conf", "w") as out:
                    out.write(CONFIG.format(plugins=PLUGINS, top='user = "%s";' % user, listen="", port=0,
                                            middleware="", chain=""))
                os.chmod(folder + "/conf", 0o644)
                with subprocess.Popen([PROGRAM, "-c", folder + "/conf"], stderr=subprocess.PIPE,
                                      text=True, preexec_fn=self.become) as process:
                    line = next(one for one in process.stderr if "listening" in one or "become" in one)
                    if starts:
                        process.terminate()
                    process.communicate(timeout=PATIENCE)
                self.assertEqual(process.returncode, 0 if starts else 3)
                self.assertIn("listening on" if starts else
                              'can\'t become "daemon" for good: Operation not permitted', line)


if __name__ == "__main__":
    main()
