#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A running wye's memory is searched for secrets: they are where they are needed, and nowhere else."""

import base64
import os
import re
import secrets
import tempfile
import unittest

import tokens
from wye import SANITIZED, Wye, main

LARGEST = 256 << 20  # what is larger is a sanitizer's
CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; }} );
middleware = ( {{ use = "jwt"; {key} }} );
rest = {{ routes = ( {{ path = "/"; handler = "respond"; chain = [ "jwt" ]; }} ); }};
"""


def regions(pid):
    """(name, bytes) of what the process holds and may write."""
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as memory:
        for line in maps:
            found = re.match(r"(\w+)-(\w+) rw\S* \S+ \S+ \S+\s*(.*)", line)
            if found:
                start, end = (int(found.group(i), 16) for i in (1, 2))
                if end - start > LARGEST:
                    continue
                try:
                    memory.seek(start)
                    yield found.group(3), memory.read(end - start)
                except OSError:  # nothing is mapped there
                    pass


class Secrets(unittest.TestCase):
    def setUp(self):
        self.secret = secrets.token_hex(20)
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def count(self, pid, secret):
        """Copies on the heap and elsewhere, and those among the environment's."""
        heap = stack = 0
        for name, data in regions(pid):
            found = data.count(secret.encode())
            if name == "[stack]":
                stack += found
            else:
                heap += found
        return heap, stack

    def check(self, key, algorithms=1, stack=0):
        """OpenSSL holds it once for each algorithm that its length allows."""
        with Wye(config=CONFIG.format(key=key)) as wye:
            for _ in range(2):
                token = tokens.hs(tokens.until(), self.secret)
                self.assertEqual(wye.get("/", headers={"Authorization": "Bearer " + token}).status,
                                 200)
                try:
                    found = self.count(wye.process.pid, self.secret)
                except PermissionError:
                    self.skipTest("only root reads the memory of what leaves no core dumps")
                self.assertEqual(found, (algorithms, stack))

    @unittest.skipIf(SANITIZED, "the sanitizer copies the environment")
    def test_environment(self):
        """The variable itself stays."""
        os.environ["WYE_TEST_SECRET"] = self.secret
        self.check('secret = "${WYE_TEST_SECRET}";', stack=1)
        del os.environ["WYE_TEST_SECRET"]

    def file(self, text):
        path = os.path.join(self.folder, "key")
        with open(path, "w") as out:
            out.write(text)
        return path

    def test_file(self):
        self.check('secret_file = "%s";' % self.file(self.secret + "\n"))

    def test_long_file(self):
        """More than one piece of reading."""
        self.secret = secrets.token_hex(6000)
        self.check('secret_file = "%s";' % self.file(self.secret + "\n"), algorithms=3)

    def test_key_set(self):
        k = base64.urlsafe_b64encode(self.secret.encode()).decode().rstrip("=")
        self.check('jwks_file = "%s";' % self.file('{"keys":[{"kty":"oct","k":"%s"}]}' % k))


if __name__ == "__main__":
    main()
