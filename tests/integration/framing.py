# SPDX-License-Identifier: MIT
"""A table of raw requests, legal ones beside malformed ones, and what each is answered: in the lane
of REST, and as an Upgrade. RFC 9110 and 9112; docs/design.md, "A request"."""

import collections

from wye import KEY

BAD = {400}
CODING = {400, 501}
VERSION = {400, 505}
LOOSE = {200, 400}  # the RFCs allow both

HELLO = b"hello, world\n"
REST = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
HANDSHAKE = (b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             b"Sec-WebSocket-Key: " + KEY.encode() + b"\r\n")
CHUNKED = b"Transfer-Encoding: chunked\r\n"
DELIMITERS = b"(),/;<=>?@[\\]{}\""
TOKEN = b"!#$%&'*+-.^_`|~09azAZ"

Row = collections.namedtuple("Row", "name parts expected upgraded then text")
ROWS = []


def row(name, expected, upgraded=None, then=None, text=HELLO, **parts):
    """One row: what differs from a good request, and its statuses in the two lanes.

    `then` is what follows an answer: a refusal closes, an answer below 300 does not, unless it
    says "closed" or "either"."""
    expected = {expected} if isinstance(expected, int) else expected
    if upgraded is None and "body" in parts:
        upgraded = expected - {200} | {400}  # no Upgrade has a body
    elif upgraded is None:
        upgraded = {101 if status == 200 else status for status in expected}
    upgraded = {upgraded} if isinstance(upgraded, int) else upgraded
    ROWS.append(Row(name, parts, expected, upgraded, then, text))


def request(upgrade, before=b"", line=None, method=b"GET", target=b"/hello", version=b"HTTP/1.1",
            eol=b"\r\n", first=b"", host=b"Host: localhost\r\n", fields=b"", end=b"\r\n",
            body=b"", raw=None):
    """The bytes of a request; a tuple as target is one for each lane."""
    if raw is not None:
        return raw
    if isinstance(target, tuple):
        target = target[upgrade]
    elif upgrade:
        target = target.replace(b"hello", b"ws")
    if line is None:
        line = method + b" " + target + b" " + version
    elif upgrade:
        line = line.replace(b"hello", b"ws")
    return (before + line + eol + first + host + (HANDSHAKE if upgrade else b"") + fields + end
            + body)


def show(byte):
    return "%r" % chr(byte) if 0x20 < byte < 0x7f else "0x%02x" % byte


def good():
    row("plain", 200)
    row("HTTP/1.0 with Host", 200, 426, then="closed", version=b"HTTP/1.0")
    row("HTTP/1.0 without Host", 200, 426, then="closed", version=b"HTTP/1.0", host=b"")
    row("Connection: close", 200, {101, 426}, then="closed", fields=b"Connection: close\r\n")
    row("fifty fields", 200, fields=b"".join(b"X-%d: y\r\n" % i for i in range(50)))
    row("empty line before", 200, before=b"\r\n")
    row("two empty lines before", BAD, before=b"\r\n\r\n")


def content_length():
    for value, length in ((b"5", 5), (b" 5", 5), (b"\t5", 5), (b"0", 0), (b"05", 5), (b"12", 12)):
        row("length %r" % value, 200, 400 if length else 101,
            fields=b"Content-Length:" + value + b"\r\n", body=b"x" * length)
    for value in (b"5 ", b"5\t", b" 5 \t "):  # legal, but the engine refuses it
        row("length %r" % value, LOOSE, fields=b"Content-Length:" + value + b"\r\n",
            body=b"hello")
    row("length of a body with NULs", 200, fields=b"Content-Length: 5\r\n", body=b"\0\0\n\0\0")
    row("length of a long body with NULs", 200, fields=b"Content-Length: 60000\r\n", body=b"\0" * 60000)
    row("content-LENGTH", 200, fields=b"content-LENGTH: 5\r\n", body=b"hello")
    for value in (b"", b" ", b"+5", b"-1", b"-0", b"0x5", b"5 5", b"5\t5", b"5, 5", b"5,5", b"5,",
                  b",5", b"5, 6", b"5.0", b"5e0", b"5;x", b"\"5\"", b"five", b"0 5", b"5\0",
                  b"\xb25", b"\x0b5", b"5\x0c", b"0,0"):
        row("Content-Length %r" % value, BAD, BAD, fields=b"Content-Length: " + value + b"\r\n",
            body=b"hello")
    for value in (2 ** 63, 2 ** 64, 2 ** 64 + 5, 10 ** 29, 10 ** 99 + 5):
        row("Content-Length of %d digits, %d" % (len(str(value)), value % 1000), {400, 413},
            fields=b"Content-Length: %d\r\n" % value, body=b"hello")
    row("a body beyond max_body", 413, {400, 413}, fields=b"Content-Length: 1000000000000\r\n")
    for one, two in ((b"5", b"5"), (b"5", b"6"), (b"6", b"5"), (b"0", b"5"), (b"5", b"0"),
                     (b"0", b"0"), (b"5", b"x"), (b"5", b"")):
        row("Content-Length twice, %r and %r" % (one, two), BAD, body=b"hello",
            fields=b"Content-Length: %s\r\nContent-Length: %s\r\n" % (one, two))
    row("Content-Length twice, far apart", BAD, body=b"hello", first=b"Content-Length: 5\r\n",
        fields=b"X: y\r\ncontent-length: 5\r\n")


def transfer_encoding():
    body = b"5\r\nhello\r\n0\r\n\r\n"
    for value in (b" chunked", b"chunked", b" CHUNKED", b"\tchunked", b"  chunked"):
        row("coding %r" % value, 200, fields=b"Transfer-Encoding:" + value + b"\r\n", body=body)
    for value in (b"chunked ", b"chunked\t", b"chunked \t ", b"chunked,", b", chunked"):
        row("coding %r" % value, {200, 400, 501}, body=body,
            fields=b"Transfer-Encoding: " + value + b"\r\n")
    for value in (b"chunked, chunked", b"chunked,chunked", b"chunked, gzip", b"chunked, identity",
                  b"gzip", b"deflate", b"compress", b"identity", b"identity, chunked",
                  b"gzip, chunked", b"foo", b"foo, chunked", b"xchunked", b"chunkedx", b"chunke",
                  b"x-chunked", b"\"chunked\"", b"'chunked'", b"chunked;q=1", b"chunked; x", b"",
                  b",", b"chun ked", b"chunked chunked", b"chunked;", b"[chunked]"):
        row("coding %r" % value, CODING, CODING, fields=b"Transfer-Encoding: " + value + b"\r\n",
            body=body)
    for value in (b"\x0bchunked", b"chunked\x0b", b"\x0cchunked", b"chunked\0", b"chun\0ked",
                  b"\x01chunked", b"chunked\r", b"chunked\x7f"):
        row("coding %r" % value, BAD, fields=b"Transfer-Encoding: " + value + b"\r\n", body=body)
    row("coding with 0xa0", CODING, fields=b"Transfer-Encoding: \xa0chunked\r\n", body=body)
    for name, one, two in (("chunked twice", b"chunked", b"chunked"),
                           ("gzip, then chunked", b"gzip", b"chunked"),
                           ("chunked, then gzip", b"chunked", b"gzip"),
                           ("identity, then chunked", b"identity", b"chunked"),
                           ("chunked, then identity", b"chunked", b"identity"),
                           ("chunked, then x", b"chunked", b"x"),
                           ("chunked, then nothing", b"chunked", b"")):
        row("two codings' fields: " + name, CODING, body=body,
            fields=b"Transfer-Encoding: %s\r\nTransfer-Encoding: %s\r\n" % (one, two))
    for coding in (b"chunked", b"gzip", b"identity", b"xchunked"):
        for length in (b"5", b"0", b"15"):
            both = [b"Transfer-Encoding: %s\r\n" % coding, b"Content-Length: %s\r\n" % length]
            expected = BAD if coding == b"chunked" else CODING
            for order in (both, both[::-1]):
                row("length %r with coding %r%s" % (length, coding, "" if order == both else
                                                    ", reversed"),
                    expected, fields=b"".join(order), body=body)
    for coding in (b"chunked", b"gzip"):
        row("%r in HTTP/1.0" % coding, CODING if coding == b"gzip" else BAD,
            version=b"HTTP/1.0", fields=b"Transfer-Encoding: %s\r\n" % coding, body=body)
    row("length and coding in HTTP/1.0", BAD, version=b"HTTP/1.0", body=body,
        fields=CHUNKED + b"Content-Length: 15\r\n")


def chunks():
    def chunk(name, expected, body):
        row("chunks: " + name, expected, {400}, fields=CHUNKED, body=body)

    end = b"0\r\n\r\n"
    chunk("none", 200, end)
    chunk("one", 200, b"5\r\nhello\r\n" + end)
    chunk("several", 200, b"1\r\nh\r\n4\r\nello\r\n" + end)
    chunk("upper case", 200, b"A\r\nhellohello\r\n" + end)
    chunk("lower case", 200, b"a\r\nhellohello\r\n" + end)
    chunk("zeros before", 200, b"0005\r\nhello\r\n" + end)
    chunk("sixteen digits", 200, b"0" * 15 + b"5\r\nhello\r\n" + b"0" * 16 + b"\r\n\r\n")
    chunk("many zeros at the end", BAD, b"5\r\nhello\r\n" + b"0" * 20 + b"\r\n\r\n")
    chunk("data that looks like an end", 200, b"5\r\n0\r\n\r\n\r\n" + end)
    chunk("data with NULs", 200, b"5\r\n\0\0\n\0\0\r\n" + end)
    for extension in (b";x", b";x=y", b";x=\"y z\"", b";x=y;z", b";x=\"\\\";\"", b"; x",
                      b"; x = y ;z", b";x = \"y\""):
        chunk("extension %r" % extension, 200, b"5" + extension + b"\r\nhello\r\n" + end)
    chunk("extension at the end", 200, b"5\r\nhello\r\n0;x=y\r\n\r\n")
    chunk("trailer", 200, b"5\r\nhello\r\n0\r\nX: y\r\n\r\n")
    chunk("two trailers", 200, b"5\r\nhello\r\n0\r\nX: y\r\nZ: y\r\n\r\n")
    chunk("trailer without a value", 200, b"5\r\nhello\r\n0\r\nX:\r\n\r\n")
    for field in (b"Content-Length: 9", b"Transfer-Encoding: chunked", b"Host: other"):
        chunk("trailer %r counts for nothing" % field, 200,
              b"5\r\nhello\r\n0\r\n" + field + b"\r\n\r\n")
    for field in (b"X", b": y", b" X: y", b"X : y", b"X: y\r\n fold", b"X: a\0b", b"X: a\rb", b"X\0: y",
                  b"\0", b"X: y\nZ: z", b"X: \x01", b"X: y\r"):
        chunk("bad trailer %r" % field, BAD, b"5\r\nhello\r\n0\r\n" + field + b"\r\n\r\n")
    chunk("trailers beyond max_header", 431, b"0\r\n" + b"X: y\r\n" * 2000 + b"\r\n")
    chunk("a trailer beyond max_header", 431, b"0\r\nX: " + b"y" * 9000 + b"\r\n\r\n")
    chunk("extension beyond max_header", 431, b"5;x=" + b"y" * 9000 + b"\r\nhello\r\n" + end)
    chunk("extensions beyond max_header", 431, b"1;abcdefghi\r\nx\r\n" * 900 + end)
    for space in (b"5 ", b"5\t", b"5 \t ", b"5;x ", b"5;x=y "):
        chunk("space behind %r" % space, BAD, space + b"\r\nhello\r\n" + end)
    for space in b" \t":  # legal in front of an extension, but the engine refuses it
        chunk("%s between the size and an extension" % show(space), BAD, b"5%c;x\r\nhello\r\n" % space + end)
    for extension in (b";", b";;", b";=y", b";x=", b";x y", b";x=y z", b";x=\"y", b";x=\"y\"z", b";(x)",
                      b";x=\xff", b"x", b",x", b";x\0y", b";x\ry", b";x\ny", b";x=\"\n\"", b";\n", b"\n;x",
                      b";x\r", b";x=\"\\\n\""):
        chunk("bad extension %r" % extension, BAD, b"5" + extension + b"\r\nhello\r\n" + end)
    for size in (b"g", b"5g", b"-5", b"+5", b"0x5", b"x5", b"", b" 5", b"\t5", b"5 5", b"5,",
                 b"5.0", b"\"5\"", b"5_0", b"\0", b"5\0", b"\xb5", b":5", b"=5", b"@"):
        chunk("size %r" % size, BAD, size + b"\r\nhello\r\n" + end)
    for size in (b"fffffffffffffffff", b"10000000000000005", b"10000000000000000",
                 b"1" + b"0" * 31 + b"5"):
        chunk("size %r" % size, BAD, size + b"\r\nhello\r\n" + end)
    for size in (b"ffffffffffffffff", b"fffffffffffffffb", b"8000000000000005"):
        chunk("size %r" % size, BAD, size + b"\r\nhello\r\n" + end)
    chunk("more than will come", {408, 413}, b"7fffffffffff\r\nhello\r\n" + end)
    chunk("no line end behind it", BAD, b"5\r\nhello" + end)
    chunk("a word for the line end", BAD, b"5\r\nhelloXX" + end)
    chunk("longer than its size", BAD, b"3\r\nhello\r\n" + end)
    chunk("shorter than its size", BAD, b"7\r\nhello\r\n" + end)
    chunk("CR behind the size", BAD, b"5\rhello\r\n" + end)
    for line in (b"\n", b"\r", b"\r\r\n", b"\n\r", b"\0\n", b"\n\n"):
        chunk("%r behind the size" % line, BAD, b"5" + line + b"hello\r\n" + end)
        chunk("%r behind the data" % line, BAD, b"5\r\nhello" + line + end)
        chunk("%r behind the last size" % line, BAD, b"5\r\nhello\r\n0" + line + b"\r\n")
        chunk("%r at the end" % line, BAD, b"5\r\nhello\r\n0\r\n" + line)
        chunk("%r behind a trailer" % line, BAD, b"5\r\nhello\r\n0\r\nX: y" + line + b"\r\n")
    chunk("a hidden request in a chunk's line", BAD,
          b"2;\nxx\r\n4c\r\n0\r\n\r\n" + REST + b"\r\n" + end)


def field_names():
    row("field: every token character", 200, fields=TOKEN + b": y\r\n")
    for byte in sorted(set(DELIMITERS) | set(range(0x20)) | {0x20, 0x7f, 0x80, 0xff}):
        name = "field: name with %s" % show(byte)
        row(name, BAD, fields=b"X%cY: z\r\n" % byte)
        row(name + " in front", BAD, fields=b"%cXY: z\r\n" % byte)
        row(name + " at its end", BAD, fields=b"XY%c: z\r\n" % byte)
    row("field: empty name", BAD, fields=b": y\r\n")
    row("field: empty name, no space", BAD, fields=b":y\r\n")
    row("field: a colon only", BAD, fields=b":\r\n")
    for end in (b"\r\n", b"\n", b"\r"):  # an empty line for the engine
        for before in (b"\n", b"\r", b"\r\n"):
            row("field: a colon between %r and %r" % (before, end), BAD,
                host=b"Host: localhost" + before, fields=b":" + end)
        row("field: a colon and %r" % end, BAD, fields=b":" + end + b"X: y\r\n")
        row("field: a colon for the head's last line, %r" % end, BAD, end=b":" + end)
    row("field: no colon", BAD, fields=b"X\r\n")
    row("field: no colon, with a space", BAD, fields=b"X y\r\n")
    row("field: no colon, first", BAD, first=b"X\r\n")
    for name in (b"Content-Length%c: 5\r\n", b"Transfer-Encoding%c: chunked\r\n", b"X%c: y\r\n"):
        for byte in b" \t\0\r":
            row("field: %s before the colon in %r" % (show(byte), name[:6]), BAD,
                fields=name % byte, body=b"" if b"X" in name else b"hello")
    for byte in b" \t\0":
        row("field: Host with %s before the colon" % show(byte), BAD,
            host=b"Host%c: localhost\r\n" % byte)
    row("field: NUL begins a line, a length behind it", BAD, body=b"hello",
        fields=b"\0X: y\r\nContent-Length: 5\r\n")
    row("field: NUL alone on a line", BAD, fields=b"\0\r\n")
    row("field: NUL begins the first line", BAD, first=b"\0X: y\r\n")


def field_values():
    for value in (b"", b" ", b" \t ", b"y", b" y \t", b" a\tb", b" a  b", b" \x80", b" \xff\xfe",
                  b" \xc3\xbc", b" :", b" (a, \"b\"; <c>)", b" " + bytes(range(0x21, 0x7f))):
        row("field: value %r" % value, 200, fields=b"X:" + value + b"\r\n")
    for byte in [one for one in range(0x20) if one != 9] + [0x7f]:
        row("field: value with %s" % show(byte), BAD, fields=b"X: a%cb\r\n" % byte)
        row("field: value that begins with %s" % show(byte), BAD, fields=b"X:%cb\r\n" % byte)
        row("field: value that ends with %s" % show(byte), BAD, fields=b"X: a%c\r\n" % byte)
    row("field: bare LF hides a field", BAD, fields=b"X: a\nContent-Length: 5\r\n", body=b"hello")
    row("field: bare CR hides a field", BAD, fields=b"X: a\rContent-Length: 5\r\n", body=b"hello")
    row("field: NUL hides the rest", BAD, fields=b"Content-Length: 5\x000\r\n", body=b"hello")


def folds():
    for fold in (b" ", b"\t", b"   ", b" \t"):
        row("fold by %r" % fold, BAD, fields=b"X: a\r\n" + fold + b"b\r\n")
        row("fold by %r, first line" % fold, BAD, first=fold + b"X: y\r\n")
        row("fold by %r, nothing else" % fold, BAD, fields=b"X: a\r\n" + fold + b"\r\n")
        row("fold by %r of an empty value" % fold, BAD, fields=b"X:\r\n" + fold + b"b\r\n")
    row("fold that looks like a field", BAD, fields=b"X: a\r\n Content-Length: 5\r\n",
        body=b"hello")
    row("fold of Transfer-Encoding", BAD, fields=b"Transfer-Encoding:\r\n chunked\r\n",
        body=b"0\r\n\r\n")
    row("fold of Content-Length", BAD, fields=b"Content-Length: 5\r\n 0\r\n", body=b"hello")
    row("fold of Host", BAD, host=b"Host:\r\n localhost\r\n")
    row("fold of Host, second part", BAD, host=b"Host: local\r\n host\r\n")
    row("fold behind a bare LF", BAD, fields=b"X: a\n b\r\n")


def line_ends():
    row("LF behind the request line", BAD, eol=b"\n")
    row("LF behind Host", BAD, host=b"Host: localhost\n")
    row("LF behind a field", BAD, fields=b"X: y\n")
    row("LF behind the first field", BAD, first=b"X: y\n")
    row("LF at the head's end", BAD, end=b"\n")
    row("LF LF at the head's end", BAD, fields=b"X: y\n", end=b"\n")
    row("LF CR LF at the head's end", BAD, fields=b"X: y\n")
    row("CR LF LF", BAD, fields=b"X: y\r\n", end=b"\n")
    row("NUL LF behind the request line", BAD, eol=b"\0\n")
    row("NUL LF behind Host", BAD, host=b"Host: localhost\0\n")
    row("NUL LF behind a field", BAD, fields=b"X: y\0\n")
    row("NUL LF at the head's end", BAD, end=b"\0\n")
    row("NUL LF instead of CRLF everywhere", BAD, eol=b"\0\n", host=b"Host: localhost\0\n", end=b"\0\n")
    row("LF only", BAD, eol=b"\n", host=b"Host: localhost\n", end=b"\n")
    row("CR CR LF behind the request line", BAD, eol=b"\r\r\n")
    row("CR CR LF behind a field", BAD, fields=b"X: y\r\r\n")
    row("CR CR LF at the head's end", BAD, end=b"\r\r\n")
    row("CR behind the request line", BAD, eol=b"\r")
    row("CR behind a field", BAD, fields=b"X: y\r")
    row("CR in front of a field", BAD, fields=b"\rX: y\r\n")
    row("LF CR behind a field", BAD, fields=b"X: y\n\r")


def hosts():
    for name in (b"host", b"HOST", b"hOsT"):
        row("Host as %r" % name, 200, host=name + b": localhost\r\n")
    for value in (b"a", b"localhost:80", b"LOCALHOST:8080", b"localhost:", b"localhost:65535",
                  b"127.0.0.1", b"127.0.0.1:80", b"[::1]", b"[::1]:80", b"[::]", b"[2001:DB8::1]",
                  b"[::ffff:127.0.0.1]:8080", b"a-b.example.", b"a_b", b"xn--bcher-kva.example",
                  b"1.2.3", b"localhost ", b"\tlocalhost\t"):
        row("Host: %r" % value, 200, host=b"Host: " + value + b"\r\n")
    for value in (b"a%41", b"a,b", b"a!b", b"a;b", b"(a)", b"localhost:0", b"localhost:00080",
                  b"\xc3\xbc", b"[v1.a]", b"~"):  # legal by grammar or nearly so, of use to nobody
        row("Host: %r" % value, LOOSE, host=b"Host: " + value + b"\r\n")
    for byte in b" /@#?\\\"<>^`{|}\0\x01\x0b\x1b\x7f\t\r\n":
        row("Host with %s" % show(byte), BAD, host=b"Host: a%cb\r\n" % byte)
    for value in (b"", b" ", b":", b":80", b"localhost:x", b"localhost:99999999",
                  b"localhost:65536", b"localhost:-1", b"localhost:+80", b"localhost:8 0",
                  b"localhost:80x", b"localhost:80:80", b"localhost::80", b"localhost :80",
                  b"localhost: 80", b"localhost:18446744073709551696", b"[::1", b"::1", b"::1]",
                  b"[]", b"[]:80", b"[::1]x", b"[::1]80", b"[::1]:x", b"[::1]:99999", b"[::zz]",
                  b"[:::1]", b"[1::2::3]", b"[1:2:3:4:5:6:7:8:9]", b"[12345::]", b"[127.0.0.1]",
                  b"[::1]]", b"[[::1]]", b"a[::1]", b"[::1 ]", b"[::1%eth0]", b"[localhost]",
                  b"a%", b"a%4", b"a%zz", b"a%00b", b"user@localhost", b"http://localhost",
                  b"localhost/", b"a, b", b"localhost, localhost"):
        row("Host: %r" % value, BAD, host=b"Host: " + value + b"\r\n")
    row("no Host", BAD, host=b"")
    row("no Host, but one behind a NUL", BAD, host=b"\0Host: localhost\r\n")
    row("X-Host only", BAD, host=b"X-Host: localhost\r\n")
    for one, two in ((b"localhost", b"localhost"), (b"localhost", b"other"), (b"", b"localhost"),
                     (b"localhost", b"")):
        row("two Hosts: %r, %r" % (one, two), BAD,
            host=b"Host: %s\r\nHost: %s\r\n" % (one, two))
    row("two Hosts, far apart", BAD, fields=b"X: y\r\nhost: localhost\r\n")
    row("two Hosts in HTTP/1.0", BAD, version=b"HTTP/1.0", fields=b"Host: localhost\r\n")
    row("bad Host in HTTP/1.0", BAD, version=b"HTTP/1.0", host=b"Host: a/b\r\n")


def paths():
    for path in (b"/a/../hello", b"/%2e%2e/hello", b"/./hello", b"/hello/.", b"/a/b/../../hello",
                 b"/%2E/hello", b"/../hello", b"/a/%2e%2e/hello", b"/a/.%2e/hello"):
        row("path %r" % path, {200, 404} if path == b"/hello/." else 200,
            {101, 404} if path == b"/hello/." else 101, then="either", target=path)
    row("path with an escaped letter", 200, target=(b"/%68ello", b"/%77s"))
    row("path with escaped letters", 200, target=(b"/%68%65%6C%6c%6f", b"/%77%73"))
    row("path is not decoded twice", 404, then="either", target=(b"/%2568ello", b"/%2577s"))
    row("path with a query", 200, target=b"/hello?a=%20b&c=/?:@!$&'()*+,;=-._~")
    row("path with an empty query", 200, target=b"/hello?")
    row("%2F does not split a segment", 404, then="either",
        target=(b"/api%2Fusers%2F7", b"/close%2Fx"))
    row("%2F within a parameter", 200, text=b'"id":"a/b"', target=(b"/api/users/a%2Fb", b"/ws"))
    row("%2e%2e%2f does not go up", {400, 404}, then="either",
        target=(b"/a/..%2fhello", b"/a/..%2fws"))
    row("path beyond the root", 200, target=b"/../../hello")
    row("path with an empty segment", {200, 400, 404}, {101, 400, 404}, then="either",
        target=b"//hello")
    row("path of another case", 404, then="either", target=(b"/HELLO", b"/WS"))


def targets():
    for target in (b"http://localhost/hello", b"HTTP://LOCALHOST/hello", b"http://other/hello",
                   b"http://localhost:8080/hello?x", b"http://[::1]:80/hello",
                   b"http://localhost/a/../hello"):
        row("target %r" % target, 200, target=target)
    for target in (b"http://localhost", b"http://localhost?x", b"http://localhost/"):
        row("target %r" % target, 404, then="either", target=target)
    row("target of another scheme, ours", {200, 400, 421}, {101, 400, 421}, then="either",
        target=b"https://localhost/hello")
    for target in (b"http://user@localhost/hello", b"http://u:p@localhost/hello",
                   b"http://@localhost/hello", b"ftp://localhost/hello", b"file:///hello",
                   b"http:///hello", b"http:/hello", b"http:hello", b"http://", b"http:",
                   b"://localhost/hello", b"http://:80/hello", b"http://localhost:x/hello",
                   b"http://localhost:99999999/hello", b"http://[::1/hello", b"http://::1/hello",
                   b"http://local%zz/hello", b"http://localhost/hello#a", b"http://a\\b/hello",
                   b"http://localhost/%", b"mailto:a@b", b"urn:hello", b"javascript:hello",
                   b"hello", b"?hello", b"hello/", b".", b"../hello", b"%2fhello", b"\\hello",
                   b"*", b"**", b"*/hello", b"/hello#", b"/hello#a", b"#", b"/hello?a#b",
                   b"localhost:80", b"localhost", b"127.0.0.1:80", b"[::1]:80",
                   b"user@localhost:80",
                   b"/%", b"/%1", b"/%zz", b"/hello%", b"/hello%0", b"/hello%00", b"/hello%g0",
                   b"/hello%0g", b"/%00hello", b"/a%2", b"/%%", b"/%u0041", b"/% 1"[:2] + b"+1"):
        row("target %r" % target, BAD, target=target)
    row("absolute target, no Host", BAD, target=b"http://localhost/hello", host=b"")
    row("absolute target, bad Host", BAD, target=b"http://localhost/hello", host=b"Host: a/b\r\n")
    row("absolute target, two Hosts", BAD, target=b"http://localhost/hello",
        fields=b"Host: localhost\r\n")
    for query in (b"%", b"%1", b"%zz"):  # nobody decodes it here
        row("query %r" % query, LOOSE, target=b"/hello?" + query)
    row("query with %00", LOOSE, target=b"/hello?%00")
    for byte in b"\"<>[\\]^`{|}\x80\xff":  # browsers send some of them
        row("query with %s" % show(byte), LOOSE, target=b"/hello?a%cb" % byte)
        row("path with %s" % show(byte), {400, 404}, then="either", target=b"/a%cb" % byte)
    for byte in list(range(0x20)) + [0x7f]:
        row("path with %s" % show(byte), BAD, target=b"/hel%clo" % byte)
        row("path that ends with %s" % show(byte), BAD, target=b"/hello%c" % byte)
        row("query with %s" % show(byte), BAD, target=b"/hello?a%cb" % byte)
    row("path with a space", BAD, target=b"/hello x")
    row("query with a space", BAD, target=b"/hello?a b")
    row("a version within the target", BAD, target=b"/hello HTTP/1.1 x")
    row("a long target that is allowed", 200, target=b"/hello?" + b"x" * 3900)
    row("a query beyond 4096 bytes", 414, target=b"/hello?" + b"x" * 4100)
    row("a path beyond 4096 bytes", 414, target=b"/" + b"x" * 4100)
    for size in (10000, 30000, 100000):
        row("a target of %d bytes" % size, 414, target=b"/" + b"x" * size)
        row("a query of %d bytes" % size, 414, target=b"/hello?" + b"x" * size)
    row("OPTIONS *", {200, 204}, {200, 204}, method=b"OPTIONS", target=b"*", text=b"")
    row("OPTIONS * of HTTP/1.0", {200, 204}, {200, 204}, then="either", method=b"OPTIONS",
        target=b"*", version=b"HTTP/1.0", text=b"")
    for method in (b"HEAD", b"POST", b"DELETE", b"M-SEARCH"):
        row("%r *" % method, {400, 501} if method == b"M-SEARCH" else BAD, method=method,
            target=b"*")
    for target in (b"localhost:80", b"localhost", b"/hello", b"http://localhost/hello", b"*"):
        row("CONNECT %r" % target, {400, 405, 501}, then="either", method=b"CONNECT",
            target=target)


def methods():
    for method in (b"get", b"Get", b"GETX", b"GE", b"X-Y", b"FROBNICATE", TOKEN, b"1"):
        row("method %r" % method, {405, 501}, then="either", method=method)
    row("method of 64 characters", {400, 405, 501}, then="either", method=b"M" * 64)
    row("method of 5000 characters", {400, 405, 414, 431, 501}, then="either",
        method=b"M" * 5000)
    for size in (30000, 100000):
        row("method of %d characters" % size, {400, 405, 414, 431, 501}, method=b"M" * size)
        row("%d bytes without a line's end" % size, {400, 414, 431}, raw=b"M" * size)
    row("many empty lines before", BAD, before=b"\r\n" * 10000)
    row("no method", BAD, line=b" /hello HTTP/1.1")
    row("no method, no space", BAD, line=b"/hello HTTP/1.1")
    for byte in DELIMITERS + b":\x80\xff":
        row("method with %s" % show(byte), BAD, method=b"G%cT" % byte)
    for byte in list(range(0x20)) + [0x7f]:
        row("method with %s" % show(byte), BAD, method=b"G%cT" % byte)
        if byte not in b"\r\n":
            row("method behind %s" % show(byte), BAD, method=b"%cGET" % byte)


def versions():
    for version in (b"HTTP/1.2", b"HTTP/1.9", b"HTTP/1.10", b"HTTP/1.11", b"HTTP/2.0", b"HTTP/2", b"HTTP/3.0",
                    b"HTTP/0.9", b"HTTP/0.0", b"HTTP/1", b"HTTP/1.", b"HTTP/.1", b"HTTP/", b"HTTP",
                    b"HTTP/1,1", b"HTTP/11", b"HTTP/01.1", b"HTTP/1.01", b"HTTP/1.1.1",
                    b"HTTP/10.1",
                    b"HTTP/-1.1", b"HTTP/+1.1", b"HTTP/1.-1", b"HTTP/1.x", b"HTTP/x.1",
                    b"HTTP/1.1x", b"xHTTP/1.1", b"http/1.1", b"Http/1.1", b"HTTPS/1.1", b"HTP/1.1",
                    b"ICY/1.1", b"SIP/2.0", b"HTTP-1.1", b"HTTP//1.1", b"HTTP\\1.1", b"HTTP1.1",
                    b"HTTP /1.1", b"HTTP/ 1.1", b"HTTP/1. 1", b"HTTP/1 .1", b"1.1", b"x",
                    b"HTTP/1.1;x", b"HTTP/4294967297.1", b"HTTP/1.4294967297"):
        row("version %r" % version, VERSION, version=version)
    for byte in b"\0\x01\t\x0b\x7f\xff":
        row("version with %s" % show(byte), VERSION, version=b"HTTP/1%c1" % byte)
        row("version that ends with %s" % show(byte), VERSION, version=b"HTTP/1.1%c" % byte)
        row("version behind %s" % show(byte), VERSION, version=b"%cHTTP/1.1" % byte)
    row("no version", VERSION, line=b"GET /hello")
    row("no version, a space", VERSION, line=b"GET /hello ")
    row("no version, no fields", VERSION, raw=b"GET /hello\r\n\r\n")
    row("no version, one line", VERSION, raw=b"GET /hello\r\n")
    row("a method only", VERSION, line=b"GET")
    row("a method and a space", VERSION, line=b"GET ")
    row("preface of HTTP/2", VERSION, raw=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        b"\0\0\0\x04\0\0\0\0\0")
    row("hello of TLS", VERSION, raw=b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + b"x" * 40
        + b"\r\n\r\n")
    for line in (b"GET  /hello HTTP/1.1", b"GET /hello  HTTP/1.1", b"GET /hello HTTP/1.1 ",
                 b" GET /hello HTTP/1.1", b"GET\t/hello HTTP/1.1", b"GET /hello\tHTTP/1.1",
                 b"GET\t/hello\tHTTP/1.1", b"GET /hello HTTP/1.1 x", b"GET /hello HTTP/1.1\t",
                 b"GET\x0b/hello HTTP/1.1", b"GET\x0c/hello HTTP/1.1", b"GET\r/hello HTTP/1.1",
                 b"GET /hello\rHTTP/1.1", b"GET\0/hello HTTP/1.1", b"GET /hello\0HTTP/1.1",
                 b"GET\xa0/hello HTTP/1.1", b"\tGET /hello HTTP/1.1", b"GET  HTTP/1.1",
                 b"GET HTTP/1.1",
                 b"GET/hello HTTP/1.1", b"GET /helloHTTP/1.1", b"HTTP/1.1 200 OK", b"", b" ", b"x",
                 b"Host: localhost"):
        row("line %r" % line, VERSION | ({200} if not line else set()),
            VERSION | ({101} if not line else set()), line=line)
    row("LF before", BAD, before=b"\n")
    row("LF LF before", BAD, before=b"\n\n")
    row("CR CR before", BAD, before=b"\r\r")
    row("CR before", BAD, before=b"\r")
    for name, field in (("colon", b"X: a\r:Content-Length\0 5\r\n"), ("line", b"X: a\0\0Y\0b\r\n"),
                        ("two lines", b"X: a\0\0Y: b\r\n"), ("name", b"X\0Y: a\r\n")):
        row("NUL for a " + name, 400, fields=field)
    row("NUL before", BAD, before=b"\0")
    row("NUL and a line end before", BAD, before=b"\0\r\n")
    row("NUL and a LF before", BAD, before=b"\0\n")
    row("a line that begins with NUL before", BAD, before=b"\0GET /hello HTTP/1.1\r\n")
    row("a line that begins with NUL, of 16 bytes, before", BAD, before=b"\0" * 14 + b"\r\n")
    row("byte order mark before", BAD, before=b"\xef\xbb\xbf")


def rest_of_it():
    row("Expect: 100-continue", 200, fields=b"Expect: 100-continue\r\nContent-Length: 5\r\n",
        body=b"hello")
    row("Expect: 100-Continue", 200, fields=b"Expect: 100-Continue\r\nContent-Length: 5\r\n",
        body=b"hello")
    row("Expect: 100-continue, no body", 200, fields=b"Expect: 100-continue\r\n")
    row("Expect: 100-continue, an empty body", 200,
        fields=b"Expect: 100-continue\r\nContent-Length: 0\r\n")
    for value in (b"x", b"200-ok", b"100-continue, x", b"100-continued", b"x=y", b"100"):
        row("Expect: %r" % value, 417, then="either", fields=b"Expect: " + value + b"\r\n")
    row("a field beyond max_header", 431, fields=b"X: " + b"x" * 8200 + b"\r\n")
    row("a field far beyond max_header", 431, fields=b"X: " + b"x" * 30000 + b"\r\n")
    row("fields beyond max_header", 431, fields=b"X-Field: y\r\n" * 800)
    row("many short fields", 431, fields=b"A:b\r\n" * 2000)
    row("a name beyond max_header", 431, fields=b"X" * 8200 + b": y\r\n")


for family in (good, content_length, transfer_encoding, chunks, field_names, field_values, folds,
               line_ends, hosts, paths, targets, methods, versions, rest_of_it):
    family()
