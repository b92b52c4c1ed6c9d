# SPDX-License-Identifier: MIT
"""A second reader of HTTP/1.1 requests, as RFC 9112 writes them: slow, plain, and strict; and random changes to requests,
for it and the daemon to be compared."""

import re

OK, BAD, INCOMPLETE = "ok", "bad", "incomplete"
CHANGES = (b"\r", b"\n", b" ", b"\t", b"\0", b":", b",", b";", b"0", b"5", b"a", b"f", b"/", b"\\", b"=", b'"', b"\x0b",
           b"\x7f", b"\xff", b"\r\n", b"\r\n\r\n", b"chunked", b"Content-Length: 5\r\n", b"X: y\r\n",
           b"Transfer-Encoding: chunked\r\n", b"GET /hello HTTP/1.1\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n")

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
BLANKS = rb"[ \t]*"
QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
LINE = re.compile(TOKEN + rb" [\x21-\x7e\x80-\xff]+ HTTP/1\.([01])")
FIELD = re.compile(rb"(" + TOKEN + rb"):([\t\x20-\x7e\x80-\xff]*)")
CHUNK = re.compile(rb"([0-9a-fA-F]{1,16})(?:%b;%b%b(?:%b=%b(?:%b|%b))?)*"
                   % (BLANKS, BLANKS, TOKEN, BLANKS, BLANKS, TOKEN, QUOTED))


class Wrong(Exception):
    """The rest is BAD or INCOMPLETE."""


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def line(self):
        """The next line, without its CRLF."""
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise Wrong(INCOMPLETE)
        line, self.at = self.data[self.at:end], end + 1
        if not line.endswith(b"\r"):
            raise Wrong(BAD)
        return line[:-1]

    def matched(self, pattern):
        match = pattern.fullmatch(self.line())
        if not match:
            raise Wrong(BAD)
        return match

    def take(self, count):
        if len(self.data) < self.at + count:
            raise Wrong(INCOMPLETE)
        self.at += count

    def fields(self):
        while True:
            before = self.at
            if not self.line():
                return
            self.at = before
            field = self.matched(FIELD)
            yield field[1].lower(), field[2].strip(b" \t")

    def chunks(self):
        size = -1
        while size:
            size = int(self.matched(CHUNK)[1], 16)
            if size >= 1 << 63:
                raise Wrong(BAD)
            end = self.data[self.at + size:self.at + size + 2]
            if size and not b"\r\n".startswith(end):
                raise Wrong(BAD)
            self.take(size + 2 if size else 0)
        for _ in self.fields():
            pass

    def request(self):
        if self.data.startswith(b"\r\n", self.at):
            self.at += 2
        if self.at == len(self.data):
            return
        new = self.matched(LINE)[1] == b"1"
        fields = list(self.fields())
        hosts, lengths, codings = ([value for name, value in fields if name == wanted]
                                   for wanted in (b"host", b"content-length", b"transfer-encoding"))
        if len(hosts) > 1 or (new and not hosts) or len(lengths) > 1:
            raise Wrong(BAD)
        if any(not re.fullmatch(rb"\d{1,18}", value) for value in lengths):
            raise Wrong(BAD)
        if codings and (lengths or not new or b",".join(codings).strip(b", \t").lower() != b"chunked"):
            raise Wrong(BAD)
        if codings:
            self.chunks()
        self.take(int(lengths[0]) if lengths else 0)


def read(data):
    """OK for each request, then BAD or INCOMPLETE if that is how it ends."""
    reader, found = Reader(data), []
    try:
        while reader.at < len(data):
            reader.request()
            found.append(OK)
    except Wrong as wrong:
        found.append(str(wrong))
    return found


def change(data, chance):
    """One to three changes, by a random.Random."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at, kind = chance.randrange(len(data) + 1), chance.randrange(5)
        ends = [match.start() for match in re.finditer(b"\r\n", data)]
        if kind == 0:
            data = data[:at] + chance.choice(CHANGES) + data[at:]
        elif kind == 1:
            data = data[:at] + data[at + 1:]
        elif kind == 2:
            data = data[:at] + chance.choice(CHANGES) + data[at + 1:]
        elif kind == 3:
            end = at + chance.randrange(1, 12)
            data = data[:end] + data[at:end] + data[end:]
        elif ends:
            at = chance.choice(ends) + chance.randrange(3)
            data = data[:at] + chance.choice(CHANGES) + data[at + chance.choice((0, 0, 1)):]
    return data
