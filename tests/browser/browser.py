# SPDX-License-Identifier: MIT
"""A headless Chromium, led through its DevTools protocol over a pair of pipes."""

import base64
import json
import os
import shutil
import subprocess
import tempfile

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = ["--headless", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu",
           "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking",
           "--disable-background-timer-throttling", "--disable-renderer-backgrounding"]


class Browser:
    """Use it by `with`."""

    def __init__(self, options=()):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        options = OPTIONS + list(options) + ["--user-data-dir=" + self.profile.name]
        if os.geteuid() == 0:
            options.append("--no-sandbox")  # it refuses to start as root with it
        commands, self.write = os.pipe()
        self.read, answers = os.pipe()
        self.process = subprocess.Popen(
            ["bash", "-c", 'exec 3<&"$0" 4>&"$1" "${@:2}"', str(commands), str(answers), PROGRAM]
            + options + ["about:blank"], pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(commands)
        os.close(answers)
        self.last, self.data, self.events = 0, b"", []

    def next(self):
        """One message: JSON, with a zero behind it."""
        while b"\0" not in self.data:
            piece = os.read(self.read, 1 << 20)
            if not piece:
                raise EOFError("the browser has ended")
            self.data += piece
        text, self.data = self.data.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.next()
            if answer.get("id") == self.last:
                assert "error" not in answer, (method, answer)
                return answer["result"]
            self.events.append(answer)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            self.call("Browser.close")
            self.process.wait(20)
        except (OSError, EOFError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.read)
        os.close(self.write)
        self.profile.cleanup()


class Page:
    """A page in a window of its own."""

    def __init__(self, browser, url):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target,
                                    flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.call("Page.navigate", url=url)

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def value(self, expression):
        """What it evaluates to; of a promise: what it comes to."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def type(self, text):
        """As from the keyboard, with Enter behind it."""
        self.call("Input.insertText", text=text)
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r",
                      windowsVirtualKeyCode=13)

    def screenshot(self, path):
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def errors(self):
        """What a user of the developer tools would see in red."""
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            if event["method"] == "Runtime.exceptionThrown":
                yield json.dumps(event["params"]["exceptionDetails"])
            elif event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                yield event["params"]["entry"]["text"]
            elif event["method"] == "Runtime.consoleAPICalled" \
                    and event["params"]["type"] in ("error", "assert"):
                yield json.dumps(event["params"]["args"])
