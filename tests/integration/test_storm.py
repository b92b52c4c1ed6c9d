#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The short form of tests/storm/run: 200 clients lose their wye and come again, through admission."""

import argparse
import importlib.machinery
import importlib.util
import math
import os
import sys
import unittest

from wye import SANITIZED, main

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS, RATE, BURST, DELAY = 200, 40, 100, 20


def load(path):
    """A script, as a module."""
    loader = importlib.machinery.SourceFileLoader("storm", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("storm", loader))
    loader.exec_module(module)
    return module


class Storm(unittest.TestCase):
    def storm(self, retry):
        sys.dont_write_bytecode = True
        run = load(os.path.join(HERE, "..", "storm", "run"))
        storm = run.Storm(argparse.Namespace(clients=CLIENTS, rate=RATE, burst=BURST, delay=DELAY,
                                             attempts=5), retry)
        result, metrics = storm.result, storm.metrics
        print(result)
        self.assertEqual(storm.status, 0)
        self.assertEqual((result["inside"], result["given_up"]), (CLIENTS, 0))
        self.assertEqual((sum(result["let_in"]), sum(result["needed"])), (CLIENTS, CLIENTS))
        # As the clients see it: on a busy machine some learn of it late, beside the next ones. How
        # late that can be, those who ask for REST have seen; and a build with sanitizers is no measure of rates.
        late = math.ceil(RATE * result["rest"]["max_ms"] / 1000) + (RATE // 10 if SANITIZED else 0)
        self.assertLessEqual(result["most_in_a_second"], RATE + DELAY + 1 + late)
        self.assertEqual(metrics["admission_passed_total"] + metrics["admission_delayed_total"],
                         CLIENTS)
        self.assertEqual(metrics["admission_refused_rate_total"], result["refused"])
        self.assertGreater(result["rest"]["answers"], 100)
        self.assertEqual(result["rest"]["failed"], 0)
        self.assertLess(result["rest"]["p99_ms"], 1000 if SANITIZED else 500)
        if not SANITIZED:
            self.assertLess(abs(storm.after / storm.before - 1), 0.2)
        return result

    def test_back_off(self):
        self.storm("backoff")

    def test_every_three_seconds(self):
        """All at the same moment: burst + 1 of them are not refused at the first."""
        result = self.storm("fixed")
        self.assertGreaterEqual(result["refused"], CLIENTS - BURST - 1 - RATE)


if __name__ == "__main__":
    main()
