"""Requests that two programs may read differently, or that are too large for either."""

from tests.deploy.stack import HOST

FORM = "Content-Type: application/x-www-form-urlencoded"
_SECOND = f"GET /gezondheid HTTP/1.1\r\nHost: {HOST}\r\n\r\n"


def request(first: str, *headers: str, body: str = "", host: str | None = HOST) -> bytes:
    """A request as it is on the wire, that asks for the line to be closed after it."""
    lines = [first, *([f"Host: {host}"] if host else []), *headers, "Connection: close"]
    return "\r\n".join([*lines, "", body]).encode("latin-1")


def post(*headers: str, body: str = "a=b") -> bytes:
    return request("POST /aanvragen/ HTTP/1.1", FORM, *headers, body=body)


# Each must be refused, or be read as one request and no more.
SMUGGLED = {
    "length and chunks": post(
        "Content-Length: 5", "Transfer-Encoding: chunked", body=f"0\r\n\r\n{_SECOND}"
    ),
    "chunks and length": post(
        "Transfer-Encoding: chunked", "Content-Length: 4", body=f"0\r\n\r\n{_SECOND}"
    ),
    "two lengths": post("Content-Length: 3", "Content-Length: 0", body=f"a=b{_SECOND}"),
    "two lengths in one": post("Content-Length: 3, 0", body=f"a=b{_SECOND}"),
    "a length with a sign": post("Content-Length: +3"),
    "a length below nothing": post("Content-Length: -1"),
    "a length in words": post("Content-Length: 3 "),
    "chunked twice": post(
        "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body="0\r\n\r\n"
    ),
    "chunked, then not": post("Transfer-Encoding: chunked, identity", body="0\r\n\r\n"),
    "a chunked that is none": post("Transfer-Encoding: xchunked", body=f"0\r\n\r\n{_SECOND}"),
    "chunked after a tab": post("Transfer-Encoding:\tchunked", body="0\r\n\r\n"),
    "chunked behind a vertical tab": post("Transfer-Encoding: \x0bchunked", body="0\r\n\r\n"),
    "a space before the colon": post("Transfer-Encoding : chunked", body="0\r\n\r\n"),
    "a chunk of no size": post("Transfer-Encoding: chunked", body="x\r\na=b\r\n0\r\n\r\n"),
    "a chunk below nothing": post("Transfer-Encoding: chunked", body="-1\r\na\r\n0\r\n\r\n"),
    "a chunk beyond all": post(
        "Transfer-Encoding: chunked", body="FFFFFFFFFFFFFFFFF\r\na\r\n0\r\n\r\n"
    ),
    "a chunk that runs on": post("Transfer-Encoding: chunked", body="1\r\nabc\r\n0\r\n\r\n"),
    "a folded header": request("GET /aanvragen/ HTTP/1.1", "X-Fold: a", " b"),
    "a folded length": post("Content-Length:", " 3"),
    "two hosts": request("GET /aanvragen/ HTTP/1.1", "Host: elders.example.org"),
    "no host": request("GET /aanvragen/ HTTP/1.1", host=None),
    "an address with a host of its own": request(
        "GET https://elders.example.org/aanvragen/ HTTP/1.1"
    ),
    "lines that end in LF": (
        f"GET /aanvragen/ HTTP/1.1\nHost: {HOST}\nConnection: close\n\n".encode()
    ),
    "a lone CR in a header": request("GET /aanvragen/ HTTP/1.1", "X-A: a\rX-B: b"),
    "NUL in a header": request("GET /aanvragen/ HTTP/1.1", "X-A: a\x00b"),
    "NUL in the address": request("GET /aanvragen/\x00 HTTP/1.1"),
    "a space in the address": request("GET /aanvragen/ /x HTTP/1.1"),
    "a name with a space": request("GET /aanvragen/ HTTP/1.1", "X A: b"),
    "no version": b"GET /aanvragen/\r\n\r\n",
    "a version that is none": request("GET /aanvragen/ HTTP/9.9"),
    "a method that is none": request("GE\x7fT /aanvragen/ HTTP/1.1"),
    "the start of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an upgrade": request(
        "GET /aanvragen/ HTTP/1.1", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQ"
    ),
}

MEGABYTE = 1_000_000
# Each must be refused with one of these, whatever else is going on.
OVERSIZE = {
    "an address of 20 kB": (request(f"GET /aanvragen/?{'a' * 20_000} HTTP/1.1"), {414}),
    "a header of 100 kB": (
        request("GET /aanvragen/ HTTP/1.1", f"X-A: {'a' * 100_000}"),
        {400, 431},
    ),
    "5,000 headers": (
        request("GET /aanvragen/ HTTP/1.1", *(f"X-{n}: a" for n in range(5_000))),
        {400, 431},
    ),
    "a field of 600 kB": (
        post("Content-Length: 600005", body=f"name={'a' * 600_000}"),
        {413},
    ),
    "100 MB that is only announced": (post("Content-Length: 100000000"), {413}),
}


def statuses(heard: bytes) -> list[int]:
    """The number of each answer in what came back."""
    parts = heard.split(b"HTTP/1.1 ")[1:]
    return [int(part[:3]) for part in parts]
