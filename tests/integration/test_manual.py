#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`wye -S`, and docs/configuration.md, which has its tables; `--write` puts them there."""

import os
import re
import subprocess
import sys
import unittest

from wye import PROGRAM, main

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/configuration.md")
BEGIN, END = "<!-- settings -->\n", "<!-- /settings -->\n"


def run(option):
    return subprocess.run([PROGRAM, option], capture_output=True, text=True, timeout=60,
                          check=True).stdout


def settings():
    """What `wye -S` prints, without the folder that this build was configured for."""
    folder = re.search(r"^plugins in (.*); built in:", run("-V"), re.M).group(1)
    return run("-S").replace('`"%s"`' % folder, "`$(libdir)/wye`")


def split_docs():
    with open(DOCS) as text:
        before, begin, rest = text.read().partition(BEGIN)
    block, end, after = rest.partition(END)
    assert begin and end, "docs/configuration.md has no markers"
    return before, block, after


class Manual(unittest.TestCase):
    def rows(self):
        return [re.split(r"(?<!\\) *\| *", line)[1:-1] for line in settings().splitlines()
                if line.startswith("| `")]

    def test_docs(self):
        self.maxDiff = None
        self.assertEqual(split_docs()[1], settings(),
                         "run tests/integration/test_manual.py --write in the build folder")

    def test_every_setting_is_explained(self):
        rows = self.rows()
        self.assertGreater(len(rows), 50)
        for row in rows:
            self.assertEqual(len(row), 5, row)
            key, kind, default, span, sentence = row
            self.assertRegex(key, "^`[a-z0-9_]+`$")
            self.assertIn(kind, ("boolean", "integer", "number", "string", "list of strings", "group",
                                 "list of groups", "pairs"), row)
            self.assertGreater(len(sentence), 5, row)
            self.assertFalse(sentence.endswith("."), row)
            if kind in ("integer", "number"):
                self.assertRegex(span, r"^[\d.]+ to [\d.]+( [a-z]+)?$", row)

    def test_all_are_there(self):
        text = settings()
        built_in = re.search(r"built in:(.*)", run("-V")).group(1).split()
        self.assertEqual(re.findall(r"^### `(.*)`: .+$", text, re.M), built_in)
        self.assertEqual(re.findall(r"^### (\w.*)$", text, re.M), [
            "At the top", "A listener", "A REST group, and `rest` itself", "A REST route",
            "A WebSocket group, and `websocket` itself", "A WebSocket route"])

    def test_values(self):
        rows = {tuple(row[:4]) for row in self.rows()}
        for row in (("`max_body`", "integer", "1048576", "0 to 1000000000000000 bytes"),
                    ("`head_timeout`", "number", "10", "0.1 to 3600 seconds"),
                    ("`port`", "integer", "", "0 to 65535"),
                    ("`path`", "string", "needed", ""), ("`chain`", "list of strings", "", ""),
                    ("`format`", "string", '`"combined"`', '`"combined"`, `"extended"`, `"json"`'),
                    ("`defer_accept`", "boolean", "true", "")):
            self.assertIn(row, rows)


def write():
    before, _, after = split_docs()
    with open(DOCS, "w") as out:
        out.write(before + BEGIN + settings() + END + after)


if __name__ == "__main__":
    write() if sys.argv[1:] == ["--write"] else main()
