# SPDX-License-Identifier: MIT
"""HAProxy and nginx, each with a config of the test and a port of its own."""

import os
import shutil
import socket
import subprocess
import tempfile
import unittest

from wye import PATIENCE, reserved_port, wait_for

ARGUMENTS = {"haproxy": ["-db", "-f", "conf"], "nginx": ["-p", ".", "-c", "conf"]}


def program(name):
    """Its path; the test is skipped where it isn't installed."""
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    if not path:
        raise unittest.SkipTest(name + " is not installed")
    return path


class Proxy:
    """Listens when it is entered; `config` has places for its {port}, its {folder} and the `fields`."""

    def __init__(self, name, config, **fields):
        self.path, self.arguments = program(name), ARGUMENTS[name]
        self.config, self.fields = config, fields

    def __enter__(self):
        self.reserved = reserved_port()
        self.port = self.reserved.getsockname()[1]
        self.place = tempfile.TemporaryDirectory()
        with open(self.place.name + "/conf", "w") as out:
            out.write(self.config.format(port=self.port, folder=self.place.name, **self.fields))
        self.process = subprocess.Popen([self.path] + self.arguments, cwd=self.place.name,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for("the proxy", self.try_to).close()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, value, trace):
        self.process.terminate()
        self.process.wait()
        self.place.cleanup()
        self.reserved.close()

    def try_to(self):
        try:
            return self.connect()
        except ConnectionRefusedError:
            return None

    def connect(self, source=None):
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE, source and (source, 0))
