# SPDX-License-Identifier: MIT
"""Starts a wye whose N-th allocation fails (failing.c), and says which one that was."""

import mmap
import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from wye import BUILD, PROGRAM  # noqa: E402

PRELOAD = os.path.join(BUILD, "tests", "oom", ".libs", "failing.so")
CRASHED = 99  # exit status of a sanitizer's report
SIZE = 256


class Place:
    """Function, file and line of an address; looked up when it is shown, as that takes long."""

    def __init__(self, path, address):
        self.path, self.address = path, address

    def __str__(self):
        out = subprocess.run(["addr2line", "-fpse", self.path, "%#x" % (self.address - 1)],
                             capture_output=True, text=True)
        return out.stdout.strip() or "%s+%#x" % (self.path, self.address)


class Control:
    """What failing.c reads and counts; the layout is struct control there."""

    def __init__(self, whose="own"):
        self.whose = whose
        self.file = tempfile.NamedTemporaryFile()
        self.file.write(bytes(SIZE))
        self.file.flush()
        self.map = mmap.mmap(self.file.fileno(), SIZE)

    def get(self, index):
        return struct.unpack_from("=Q", self.map, 8 * index)[0]

    def arm(self, first, length=1):
        """The allocations `first` and so on fail, counted from now; 0: none."""
        self.map[:SIZE] = struct.pack("=5Q", 0, length, 0, 0, 0).ljust(SIZE, b"\0")
        self.map[:8] = struct.pack("=Q", first)

    seen = property(lambda self: self.get(2))
    failed = property(lambda self: self.get(3))

    def place(self):
        """Where the first one failed."""
        return Place(self.map[40:SIZE].split(b"\0")[0].decode() or PROGRAM, self.get(4))

    def environment(self):
        sanitizer = ":verify_asan_link_order=0:allocator_may_return_null=1:exitcode=%d" % CRASHED
        return {"LD_PRELOAD": PRELOAD, "WYE_FAIL_CONTROL": self.file.name,
                "WYE_FAIL_IN": self.whose,
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + sanitizer}

    def preload(self):
        """For `before` of Wye()."""
        os.environ.update(self.environment())

    def run(self, *arguments, timeout=60):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True,
                              timeout=timeout, env={**os.environ, **self.environment()})
