#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The handlers "health" and "ready": checks of plugins, and a drain that balancers see before
the listener goes."""

import json
import os
import signal
import unittest

from wye import TEST_PLUGINS, Wye, main, wait_for

CONFIG = """
listen = ( { address = "127.0.0.1"; port = 0; } );
http_threads = 2; stream_loops = 1; log_level = "debug"; drain_delay = %(delay)s;
plugins = ( { load = "%(plugin)s"; as = "one"; check = "database"; },
            { load = "%(plugin)s"; as = "two"; check = "%(second)s"; } );
rest = { routes = (
  { path = "/healthz"; handler = "health"; }, { path = "/readyz"; handler = "ready"; },
  { path = "/one"; handler = "one"; }, { path = "/two"; handler = "two"; }
); };
"""


def start(delay=0, second="disk", **more):
    return Wye(config=CONFIG % {"plugin": os.path.join(TEST_PLUGINS, "ready.so"), "delay": delay,
                                "second": second}, **more)


def ask(wye, path):
    answer = wye.get(path)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status, json.loads(answer.text)


class Health(unittest.TestCase):
    def test_checks(self):
        with start() as wye:
            self.assertEqual(ask(wye, "/healthz"), (200, {"status": "ok"}))
            self.assertEqual(ask(wye, "/readyz"), (200, {"status": "ready"}))
            self.assertEqual(wye.get("/one?reason=no%20answer").text, "no ")
            self.assertEqual(wye.get("/two?reason=full%22%0A%5C%C3%A4").text, "no ")
            self.assertEqual(ask(wye, "/readyz"), (503, {
                "status": "not ready", "draining": False,
                "failing": {"database": "no answer", "disk": "full?????"}}))
            self.assertEqual(wye.metrics()["ready_checks_failing"], 2)
            self.assertEqual(ask(wye, "/healthz"), (200, {"status": "ok"}))
            wye.get("/one")
            self.assertEqual(ask(wye, "/readyz")[1]["failing"], {"disk": "full?????"})
            self.assertEqual(wye.get("/two").text, "yes")
            self.assertEqual(ask(wye, "/readyz")[0], 200)
            self.assertEqual(wye.get("/readyz", "HEAD").status, 200)
            self.assertEqual(wye.get("/readyz", "POST").status, 405)

    def test_drain(self):
        with start(delay=3000) as wye:
            wye.process.send_signal(signal.SIGTERM)
            wait_for("the drain", lambda: "stopping" in wye.stderr())
            wait_for("not ready", lambda: ask(wye, "/readyz")[0] == 503)  # on new connections
            self.assertEqual(ask(wye, "/readyz")[1], {"status": "not ready", "draining": True,
                                                      "failing": {}})
            self.assertEqual(ask(wye, "/healthz")[0], 200)
            self.assertEqual(wye.get("/one").text, "no ")
            wye.process.send_signal(signal.SIGTERM)  # at once
            self.assertEqual(wye.process.wait(20), 0)

    def test_bad_name(self):
        with self.assertRaisesRegex(AssertionError, r'conf:5: "a b" is no name of a check'):
            start(second="a b")


if __name__ == "__main__":
    main()
