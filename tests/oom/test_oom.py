#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each allocation of ours fails once: in a config's load, in a start, in all that is served. What
comes is an error, a status, an end or a line in the log; never a crash, a leak or a hang.

WYE_LONG=yes fails each of them, else every few of them. WYE_FAIL_IN=libmicrohttpd (libwebsockets,
libuv, libz, ...) fails those of a library instead. WYE_OOM=NAME,... does these operations only."""

import os
import tempfile
import unittest

from failing import Control
from operations import OPERATIONS, Gone, Socket, get, make_site, talk
from wye import PATIENCE, Wye, frame, main

LONG = os.environ.get("WYE_LONG") == "yes"
WHOSE = os.environ.get("WYE_FAIL_IN", "own")
CHOSEN = [name for name in os.environ.get("WYE_OOM", "").split(",") if name] or list(OPERATIONS)


class NoStart(Exception):
    def __init__(self, status, text):
        super().__init__(text)
        self.status, self.text = status, text


class About:
    """Which allocation it was: for a failure's report."""

    def __init__(self, *what):
        self.what = what

    def __str__(self):
        return "%sallocation %d, %s" % self.what


class Daemon(Wye):
    def find_port(self):
        try:
            return super().find_port()
        except AssertionError:  # it has ended
            text = self.stderr()
            self.folder.cleanup()
            raise NoStart(self.process.wait(), text) from None

    def check_balance(self):
        if "no room for metric" not in self.stderr():  # it would be missing below
            super().check_balance()


class Site(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.config = make_site(self.folder)
        self.path = os.path.join(self.folder, "wye.conf")
        with open(self.path, "w") as out:
            out.write(self.config)
        self.control = Control(WHOSE)

    def wye(self):
        return Daemon(config=self.config, before=self.control.preload)

    def about(self, number, what=""):
        return About(what, number, self.control.place())


class Start(Site):
    def check(self, number):
        """`wye -t` with one failure; True if there was none."""
        self.control.arm(number)
        done = self.control.run("-t", "-c", self.path)
        if not self.control.failed:
            self.assertEqual(done.returncode, 0, done.stderr)
            return True
        with self.subTest(self.about(number)):
            self.assertIn(done.returncode, (0, 1), done.stderr)
            self.assertNotRegex(done.stderr, "Sanitizer|runtime error")
            if done.returncode:
                self.assertTrue(done.stderr, "no reason")
        return False

    def test_config(self):
        """wye -t says what is missing, or does without."""
        number, step = 1, 1 if LONG else 29
        while not self.check(number):
            number += step
        print("wye -t: %d allocations" % self.control.seen)

    def start(self, number):
        """A start with one failure: it serves, or says why not. Returns whether there was one."""
        self.control.arm(number)
        try:
            with self.wye() as wye:
                failed, about = self.control.failed, self.about(number)
                self.control.arm(0)
                with self.subTest(about):
                    self.assertTrue(get("/hello")(wye) and talk(wye))
        except NoStart as error:
            failed, about = self.control.failed, self.about(number)
            with self.subTest(about):
                self.assertIn(error.status, (1, 3), error.text)
                self.assertRegex(error.text, r"(?m)(error |^\S+: ).{5,}$")
                self.assertNotRegex(error.text, "Sanitizer|runtime error")
        return failed

    def test_start(self):
        """It starts, or says why not, and ends with all given back."""
        self.control.arm(1 << 60)
        self.control.run("-t", "-c", self.path)
        number, step = max(1, self.control.seen - 20), 1 if LONG else 17
        while self.start(number):
            number += step
        print("a start: %d allocations" % number)

    def stop(self, number):
        """A stop with one failure, while connections are open."""
        self.control.arm(0)
        with self.wye() as wye, Socket(wye, "/ws") as one, wye.socket():
            one.say(frame(1, b"here"))
            one.hear()
            self.control.arm(number)
            wye.process.terminate()
            try:
                one.hear()
            except Gone:
                one.say(frame(8, b"\x03\xe9"))
            status = wye.process.wait(PATIENCE)
            failed, about = self.control.failed, self.about(number)
            with self.subTest(about):
                self.assertIn(status, (0, 4), wye.stderr())
                self.assertTrue(not status or " error " in wye.stderr(), "no reason")
            wye.expect = status
        return failed

    def test_stop(self):
        number = 1
        while self.stop(number):
            number += 1 if LONG or number < 8 else 3
        print("a stop: %d allocations" % number)


class Served(Site):
    def check(self, wye, name, number):
        """One operation with one failure. Returns whether there was one."""
        wrong = good = None
        self.control.arm(number)
        try:
            good = OPERATIONS[name](wye)
        except Exception as error:  # no answer within the time, or a wrong one
            wrong = error
        failed, about = self.control.failed, self.about(number, name + ": ")
        self.control.arm(0)
        with self.subTest(about):
            self.assertIsNone(wye.process.poll(), wye.stderr()[-3000:])
            self.assertIsNone(wrong, repr(wrong))
            self.assertTrue(good or failed, "it failed without a failure inside")
        return failed and not wrong

    def is_well(self, wye):
        self.assertTrue(get("/hello")(wye))
        self.assertTrue(talk(wye))

    def test_each(self):
        """A daemon that has done it all before: each of what is left to allocate."""
        with self.wye() as wye:
            for name in CHOSEN:
                self.assertTrue(OPERATIONS[name](wye), name)
            for name in CHOSEN:
                number = 1
                while self.check(wye, name, number):
                    number += 1 if LONG or number < 5 else 3
                print("%s: %d allocations" % (name, number - 1))
            self.is_well(wye)

    def test_first(self):
        """A daemon that has done nothing yet."""
        for name in CHOSEN if LONG else CHOSEN[::5]:
            number, failed = 1, True
            while failed:
                with self.wye() as wye:
                    failed = self.check(wye, name, number)
                    self.is_well(wye)
                number += 1 if LONG else 7
            print("first %s: %d allocations" % (name, number - 1))


class Neighbours(Site):
    def test_next_session(self):
        """One that breaks within OpenSSL leaves nothing to the next one on its thread."""
        self.control, operation = Control("libcrypto"), OPERATIONS["https_stream"]
        with self.wye() as wye:
            self.assertTrue(operation(wye))
            self.control.arm(1 << 60)
            self.assertTrue(operation(wye))
            last = self.control.seen
            for number in range(last - 12, last + 1):
                self.control.arm(number)
                operation(wye)
                about = self.about(number)
                self.control.arm(0)
                with self.subTest(about):
                    for _ in range(2):  # one for each loop
                        self.assertTrue(operation(wye))


if __name__ == "__main__":
    main()
