#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""docs/metrics.md names every metric that the program has, and no other."""

import os
import re
import unittest

from wye import PROGRAM, Wye, main

SECRET = "0123456789abcdef0123456789abcdef"
USED = """middleware = ( { use = "rate-limit"; rate = 1; }, { use = "jwt"; secret = "%s"; },
                        { use = "token"; secret = "%s"; } );
rest = { routes = ( { path = "/"; handler = "respond"; chain = [ "rate-limit", "jwt" ]; } ); };
websocket = { chain = [ "token" ]; routes = ( ); };
listen = ( { address = "127.0.0.1"; port = 0; } ); http_threads = 1;""" % (SECRET, SECRET)
PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "metrics.md")


def documented():
    with open(PAGE) as text:
        rows = [line.split("|")[1] for line in text if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)", row)}


def strings():
    """Those of the program that could be names."""
    with open(PROGRAM, "rb") as program:
        return set(re.findall(r"(?<![%\w])[a-z]\w{3,60}", program.read().decode("latin-1"), re.ASCII))


def running():
    """Those that a daemon shows, with names made up when a middleware is opened."""
    with Wye(config=USED) as wye:
        return {re.sub(r"(_open)_\d+$", r"\1_N", name.split("{")[0]) for name in wye.metrics()}


class Metrics(unittest.TestCase):
    def test_named(self):
        page = documented()
        self.assertEqual({one for one in strings() if one.endswith("_total")} - page
                         - {"outbox_total"}, set())  # a setting
        self.assertEqual({name for name in running() - page if "_delivery_ms" not in name}, set())

    def test_there(self):
        self.assertEqual({name for name in documented() - running() - strings()}, set())


if __name__ == "__main__":
    main()
