#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the docs show is built, checked and run: plugins (```c), configs (```libconfig), and
commands with their output (```console), each against the config before it."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from wye import BUILD, PLUGINS, PROGRAM, Wye, main

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DOCS = ["README.md", "docs/configuration.md", "docs/handlers.md", "docs/middleware.md",
        "docs/plugins.md", "docs/rest.md", "docs/websocket.md"]


def blocks(path):
    """(language, text, line) of each fenced block."""
    language, start, text = None, 0, []
    with open(os.path.join(TOP, path)) as lines:
        for number, line in enumerate(lines, 1):
            fence = re.match(r"```(\w*)$", line)
            if fence and language is None:
                language, start, text = fence.group(1), number + 1, []
            elif fence:
                yield language, "".join(text), start
                language = None
            elif language is not None:
                text.append(line)


def matches(pattern, text):
    """Equal, where "..." stands for anything within a line."""
    pattern, text = pattern.rstrip("\n"), text.rstrip("\n")
    quoted = re.escape(pattern).replace(re.escape("..."), "[^\n]*")
    return re.fullmatch(quoted, text) is not None


@unittest.skipUnless(shutil.which("cc") and shutil.which("curl"), "needs cc and curl")
class Docs(unittest.TestCase):
    def build(self, folder, text, place):
        name = re.search(r'\.name = "([\w-]+)",?\s*(?:\.\w+ = |$)',
                         text[text.index("wye_plugin wye_plugin"):], re.M).group(1)
        source = os.path.join(folder, name + ".c")
        with open(source, "w") as out:
            out.write(text)
        done = subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-I",
                               os.path.join(TOP, "include"), "-o", os.path.join(folder, name + ".so"),
                               source], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, place + "\n" + done.stderr)

    def config(self, folder, text, place):
        text = re.sub(r"port = \d+;", "port = 0; ", text)
        text = re.sub(r'"\./(\w[\w-]*\.so)"', r'"%s/\1"' % folder, text)
        if "listen" not in text:
            text = 'listen = ( { address = "127.0.0.1"; port = 0; } );\n' + text
        if "plugin_path" not in text:
            text += 'plugin_path = "%s";\n' % PLUGINS
        path = os.path.join(folder, "wye.conf")
        with open(path, "w") as out:
            out.write(text)
        os.environ["GREETING"] = "hi"  # that the docs take from the environment
        os.environ["PASSWORDS"] = os.path.join(folder, "passwords")
        with open(os.environ["PASSWORDS"], "w") as out:
            out.write("ben:$2y$05$abcdefghijklmnopqrstuuKcS.CYWVYVaLiiCKrrc0A5s3mGesJ9O\n")
        done = subprocess.run([PROGRAM, "-t", "-c", path], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, place + "\n" + done.stderr)
        return text

    def commands(self, config, text, place):
        with Wye(config=config) as wye:
            for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
                part = part.replace(":8080", ":%d" % wye.port)
                command, _, expected = part.partition("\n")
                path = BUILD + os.pathsep + os.environ["PATH"]
                done = subprocess.run(["bash", "-c", command], env=dict(os.environ, PATH=path),
                                      capture_output=True, text=True, timeout=60)
                self.assertTrue(matches(expected, done.stdout),
                                "%s: %s\ngave %r" % (place, command, done.stdout))

    def test_all(self):
        for path in DOCS:
            with tempfile.TemporaryDirectory() as folder:
                config = None
                for language, text, line in blocks(path):
                    place = "%s:%d" % (path, line)
                    with self.subTest(place):
                        if language == "c" and "wye_plugin wye_plugin" in text:
                            self.build(folder, text, place)
                        elif language == "libconfig":
                            config = self.config(folder, text, place)
                        elif language == "console":
                            self.commands(config, text, place)


if __name__ == "__main__":
    main()
