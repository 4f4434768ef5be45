"""The stack as deployed: what it refuses, what it says then, and whom it believes."""

import contextlib
import gzip
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path

import pytest

from portal.database import open_database
from portal.sealing import Keyring
from portal.web.pages import HEADERS, HTTPS_HEADERS, SITE_HEADERS
from portal.web.quota import Purpose, QuotaUse
from tests.conftest import DATA_KEY
from tests.deploy.malformed import MEGABYTE, OVERSIZE, SMUGGLED, post, request, statuses
from tests.deploy.stack import HOST, Stack, listen, prepare
from tests.portal_app import DOORS, PHONE, build, cases, new_database, required
from tests.real_server import Answering
from tests.site_build import OUTPUT

OF_SITE = SITE_HEADERS | HTTPS_HEADERS
OF_PORTAL = HEADERS | HTTPS_HEADERS
GET = "GET / HTTP/1.1"


def headers_of(heard: bytes) -> list[tuple[str, str]]:
    """The headers of one answer, each time that they stand there."""
    lines = heard.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


def policy_of(heard: bytes) -> dict[str, str]:
    """The headers of the policy, of which none may stand there twice."""
    found = [(name, value) for name, value in headers_of(heard) if name in OF_PORTAL]
    assert len({name for name, _ in found}) == len(found)
    return dict(found)


# -- the policy (P14)

BY_PROXY = {
    "a page": (request(GET), 200),
    "a style": (request("GET /styles/{style} HTTP/1.1"), 200),
    "no page": (request("GET /er-is-niets/ HTTP/1.1"), 404),
    "a folder without a page": (request("GET /styles/ HTTP/1.1"), 404),
    "a page that is posted to": (request("POST /contact/ HTTP/1.1", "Content-Length: 0"), 405),
    "a request that cannot be read": (request(GET, "X A: b"), 400),
    "another host": (request(GET, host="elders.example.org"), 400),
    "a body too large": (OVERSIZE["a field of 600 kB"][0], 413),
    "an address too long": (OVERSIZE["an address of 20 kB"][0], 414),
    "headers too long": (OVERSIZE["a header of 100 kB"][0], 400),
    "what comes back as it went": (request("TRACE / HTTP/1.1"), 405),
    "and that from the portal": (request("TRACE /aanvragen/ HTTP/1.1"), 405),
    "a version that is none": (SMUGGLED["a version that is none"], 505),
    "a coding that is none": (SMUGGLED["a chunked that is none"], 501),
}


@pytest.mark.parametrize("name", BY_PROXY)
def test_what_the_proxy_answers_carries_the_policy_of_the_site(stack: Stack, name: str) -> None:
    octets, code = BY_PROXY[name]
    style = next((OUTPUT / "styles").glob("look.*.css")).name
    heard = stack.say(octets.replace(b"{style}", style.encode()))
    assert statuses(heard) == [code]
    assert policy_of(heard) == OF_SITE
    if code >= 400:
        assert_is_dressed(heard)


def assert_is_dressed(heard: bytes) -> None:
    page = heard.partition(b"\r\n\r\n")[2].decode()
    assert '<html lang="nl">' in page
    assert PHONE in page
    assert "nginx" not in page


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("GET /aanvragen/", 200),
        ("GET /beheer/", 303),
        ("GET /aanvragen/er-is-niets/", 404),
        ("PUT /voorstellen/", 405),
        ("GET /gezondheid", 503),
        ("GET /.well-known/security.txt", 200),
        ("GET /portaal/desk.css", 200),
    ],
)
def test_what_the_portal_answers_carries_its_own_policy_and_no_other(
    stack: Stack, first: str, code: int
) -> None:
    heard = stack.say(request(f"{first} HTTP/1.1"))
    assert statuses(heard) == [code]
    assert policy_of(heard) == OF_PORTAL


def test_every_address_of_the_portal_comes_to_the_portal(stack: Stack, tmp_path: Path) -> None:
    app = build(new_database(tmp_path), PORTAL_MODE="production", PORTAL_BASE_URL=f"https://{HOST}")
    rules = {re.sub(r"<int.*?>", "1", str(rule)) for rule in app.url_map.iter_rules()}
    for path in sorted(re.sub(r"<.*?>", "abcdefabcdef", rule) for rule in rules):
        heard = stack.say(request(f"GET {path} HTTP/1.1"))
        assert policy_of(heard) == OF_PORTAL, path


@pytest.mark.parametrize(("silent", "code"), [(False, 502), (True, 504)])
def test_where_the_portal_does_not_answer_a_page_names_the_phone(
    tmp_path: Path, silent: bool, code: int
) -> None:
    with proxy_alone(tmp_path) as stack:
        if silent:
            stack.machine.listen("eigen-kracht-web.socket")
        heard = stack.say(request("GET /aanvragen/ HTTP/1.1"))
        assert statuses(heard) == [code]
        assert policy_of(heard) == OF_SITE
        assert_is_dressed(heard)
        assert statuses(stack.say(request(GET))) == [200]
        told = stack.machine.path("/var/log/nginx/failed.log").read_text()
        assert re.fullmatch(rf"[-0-9T:+]+ {code} \(portal: {code}\) [0-9.]+ s\n", told)


@contextlib.contextmanager
def proxy_alone(folder: Path) -> Iterator[Stack]:
    """nginx with nobody behind it, and little patience."""
    stack = Stack(prepare(folder))
    conf = stack.machine.path("/etc/nginx/nginx.conf")
    conf.write_text(conf.read_text().replace("proxy_read_timeout 30s", "proxy_read_timeout 1s"))
    try:
        stack.start_proxy()
        yield stack
    finally:
        stack.machine.stop_all()


# -- what may be read in two ways (A18)


@pytest.mark.parametrize("name", SMUGGLED)
def test_what_may_be_read_in_two_ways_is_refused_or_is_one_request(stack: Stack, name: str) -> None:
    heard = stack.say(SMUGGLED[name])
    assert len(statuses(heard)) <= 1
    assert b'"checks"' not in heard  # what hid behind it
    harmless = {"lines that end in LF", "a length in words", "an upgrade"}
    if name not in harmless:
        assert all(code >= 400 for code in statuses(heard))


def test_two_plain_requests_on_one_line_are_two_answers(stack: Stack) -> None:
    one = request(GET).replace(b"Connection: close\r\n", b"")
    assert statuses(stack.say(one + request(GET))) == [200, 200]


def test_another_host_never_reaches_the_portal(stack: Stack) -> None:
    for name in ("elders.example.org", f"{HOST}.example.net", "127.0.0.1", ""):
        heard = stack.say(request("GET /aanvragen/ HTTP/1.1", f"Host: {name}", host=None))
        assert statuses(heard) == [400]
        assert policy_of(heard) == OF_SITE


# -- too much (A8)


@pytest.mark.parametrize("name", OVERSIZE)
def test_what_is_too_large_is_refused_at_once(stack: Stack, name: str) -> None:
    octets, wanted = OVERSIZE[name]
    with stack.connect() as line:
        began = time.monotonic()
        line.sendall(octets)
        # After its answer the proxy still lets the rest come for some seconds, and forgets it.
        (code,) = statuses(line.recv(65536))
        assert time.monotonic() - began < 1
    assert code in wanted


@pytest.mark.parametrize("stated", ["Content-Length: 100000000", "Transfer-Encoding: chunked"])
def test_a_hundred_megabytes_are_not_held_by_anybody(stack: Stack, stated: str) -> None:
    before = resident(stack)
    head = request("POST /aanvragen/leervraag/ HTTP/1.1", stated).replace(b"close", b"keep-alive")
    chunked = stated.endswith("chunked")
    piece = b"a" * MEGABYTE
    piece = b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece
    with stack.connect() as line:
        line.sendall(head)
        with contextlib.suppress(OSError):
            for _ in range(100):
                line.sendall(piece)
        most = resident(stack)
        heard = listen(line)
    # Where the line was closed under our hands, the answer may be lost with it.
    assert set(statuses(heard)) <= {413}
    assert most - before < 8 * MEGABYTE
    assert stack.ask("GET", "/aanvragen/")[0] == 200


def resident(stack: Stack) -> int:
    """Octets of memory that nginx and the portal have to themselves."""
    machine = stack.machine
    return sum(
        _private(pid) for name in ("nginx", "eigen-kracht-web") for pid in _tree(machine.pid(name))
    )


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from _tree(int(child))


def _private(pid: int) -> int:
    told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return 1024 * sum(int(kb) for kb in re.findall(r"Private_\w+: +(\d+) kB", told))


def test_five_thousand_fields_are_refused_or_read_at_once(stack: Stack) -> None:
    form = stack.fill_in(DOORS["pupil"], required("pupil"))
    began, kept = time.monotonic(), len(cases_of(stack))
    body = form.body + "".join(f"&x{n}=a" for n in range(5_000)).encode()
    status, _, _ = stack.ask("POST", form.path, body, form.headers)
    assert status < 500
    assert time.monotonic() - began < 1
    assert len(cases_of(stack)) <= kept + 1


def cases_of(stack: Stack) -> list[object]:
    _open(stack)
    return list(cases())


def _open(stack: Stack) -> None:
    open_database(
        f"sqlite:///{stack.machine.path('/var/lib/eigen-kracht/portal.db')}", Keyring([DATA_KEY])
    )


# -- too slow (A19)


HALF_A_BODY = (
    post("Content-Length: 1000")
    .replace(b"close", b"keep-alive")
    .replace(b"/aanvragen/", b"/mijn-aanvraag/")
)


def test_beside_six_hundred_lines_that_hold_on_a_good_request_takes_less_than_a_second(
    stack: Stack,
) -> None:
    began = {
        "nothing at all": b"",
        "half a header": request(GET)[:-10],
        # To an address where it is read before anything is said.
        "half a body": HALF_A_BODY,
    }
    with contextlib.ExitStack() as held:
        lines = [
            (held.enter_context(stack.connect(source="127.0.0.2")), octets)
            for octets in began.values()
            for _ in range(200)
        ]
        for line, octets in lines:
            line.sendall(octets)
        for path in ("/aanvragen/", "/contact/"):
            start = time.monotonic()
            assert stack.ask("GET", path)[0] == 200
            assert time.monotonic() - start < 1


def test_one_address_cannot_have_every_line(tmp_path: Path) -> None:
    with proxy_alone(tmp_path) as stack, contextlib.ExitStack() as held:
        stack.machine.listen("eigen-kracht-web.socket")
        for _ in range(400):
            held.enter_context(stack.connect(source="127.0.0.2")).sendall(HALF_A_BODY)
        heard = stack.say(request(GET), source="127.0.0.2")
        assert statuses(heard) == [429]
        assert_is_dressed(heard)
        assert statuses(stack.say(request(GET), source="127.0.0.3")) == [200]


# -- ways out of the house (A17)

OUTSIDE = [
    *("/.git/config", "/.env", "/.well-known/", "/.well-known/x", "/portal.db", "/manifest.json"),
    *("/gegevens.toml", "/portal/app.py", "/deploy/nginx.conf", "/build/proxy/headers.conf"),
    *("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd", "//etc/passwd"),
    *("/styles/../../manifest.json", "/styles..%2f", "/styles/%2e%2e/%2e%2e/manifest.json"),
    *("/styles/", "/styles", "/scripts/", "/fout/", "/fout/400.html", "/fout/headers.conf"),
    *("/fout../headers.conf", "/fout/../../manifest.json", "/portaal/", "/portaal/../app.py"),
    *("/portaal/..%2fapp.py", "/portaal/%2e%2e/app.py", "/portaal/..%5capp.py", "/x%00.html"),
    *("/index.html.gz", "/index.html.br", "/contact/index.html.gz", "/contact/.", "/%2e/"),
    *("/postvak/", "/static/", "/robots.txt/", "/index.html/x", "/.%0d%0aX-Evil:%20yes"),
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_what_is_not_published_is_not_found(stack: Stack, path: str) -> None:
    heard = stack.say(request(f"GET {path} HTTP/1.1"))
    (code,) = statuses(heard)
    head = heard.partition(b"\r\n\r\n")[0]
    assert b"X-Evil" not in head
    # A folder without its slash, and an address that is another's, lead there and no further.
    while code in {301, 308}:
        heard = stack.say(request(f"GET {dict(headers_of(heard))['Location']} HTTP/1.1"))
        (code,) = statuses(heard)
    assert code in {400, 404} or (path, code) in {("/contact/.", 200), ("/%2e/", 200)}
    assert b"root:" not in heard
    assert b"SQLite" not in heard


# -- who is believed


def test_nobody_makes_himself_another_visitor(stack: Stack) -> None:
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"}
    forged |= {"Forwarded": "for=203.0.113.9", "X-Forwarded-Host": "elders.example.org"}
    assert counted(stack) == 0
    form = stack.fill_in(DOORS["pupil"], required("pupil"))
    form.headers |= forged
    assert stack.send(form)[0] == 303
    # This machine's own address is no visitor's, and counts for nobody.
    assert counted(stack) == 0
    # The proxy's word is taken, at the socket that only the proxy can reach.
    behind = Behind(stack)
    form = behind.fill_in(DOORS["pupil"], required("pupil"))
    form.headers |= forged
    assert behind.send(form)[0] == 303
    assert counted(stack) == 1


def counted(stack: Stack) -> int:
    _open(stack)
    return int(QuotaUse.select().where(QuotaUse.purpose == Purpose.FORM).count())


class Behind(Answering):
    """The portal as the proxy calls it."""

    def __init__(self, stack: Stack) -> None:
        self._path = stack.machine.path("/run/eigen-kracht/web.sock")

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], str]:
        line = HTTPConnection(HOST, timeout=20)
        line.sock = socket.socket(socket.AF_UNIX)
        line.sock.connect(str(self._path))
        with contextlib.closing(line):
            line.request(method, path, body, {"X-Forwarded-Proto": "https"} | dict(headers or {}))
            answer = line.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()


def test_no_visitors_address_and_nothing_typed_is_in_any_file_of_the_proxy(stack: Stack) -> None:
    story = "kanarie" * 60_000
    body = f"story={story}"
    typed = post(f"Content-Length: {len(body)}", body=body)
    asked = request("GET /gezondheid?naam=kanarie HTTP/1.1")
    oversize = (octets for name, (octets, _) in OVERSIZE.items() if "announced" not in name)
    folder = stack.machine.folder
    # Whoever wants to write a file of what came in cannot, and would say 500.
    (folder / "spool").rename(folder / "spool-away")
    for octets in (*SMUGGLED.values(), *oversize, typed, asked):
        assert 500 not in statuses(stack.say(octets, source="127.0.0.9"))
    (folder / "spool-away").rename(folder / "spool")
    for file in (f for f in folder.rglob("*") if f.is_file() and not f.is_symlink()):
        told = file.read_bytes()
        assert b"127.0.0.9" not in told, file
        assert b"kanarie" not in told, file


# -- the site


def test_a_page_comes_in_its_compressed_copy_to_who_reads_it(stack: Stack) -> None:
    whole = (OUTPUT / "contact" / "index.html").read_bytes()
    plain = stack.say(request("GET /contact/ HTTP/1.1"))
    small = stack.say(request("GET /contact/ HTTP/1.1", "Accept-Encoding: br, gzip"))
    assert plain.endswith(whole)
    head, _, body = small.partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert gzip.decompress(body) == whole
    for heard in (plain, small):
        told = dict(headers_of(heard))
        assert told["Vary"] == "Accept-Encoding"
        assert told["Content-Type"] == "text/html; charset=utf-8"
        assert told["Cache-Control"] == "no-cache"


def test_what_is_named_after_its_content_is_kept_for_ever_also_from_before_an_upgrade(
    stack: Stack,
) -> None:
    style = next((OUTPUT / "styles").glob("look.*.css")).name
    before = stack.machine.path("/opt/eigen-kracht/0")
    (before / "build" / "site" / "styles").mkdir(parents=True)
    (before / "build" / "site" / "styles" / "look.00000000.css").write_text("of before")
    stack.machine.path("/opt/eigen-kracht/previous").symlink_to(before)
    for name in (style, "look.00000000.css"):
        heard = stack.say(request(f"GET /styles/{name} HTTP/1.1"))
        assert statuses(heard) == [200]
        assert "immutable" in dict(headers_of(heard))["Cache-Control"]
        assert policy_of(heard) == OF_SITE
    none = stack.say(request("GET /styles/look.11111111.css HTTP/1.1"))
    assert statuses(none) == [404]
    assert "immutable" not in dict(headers_of(none)).get("Cache-Control", "")


def test_without_tls_one_is_sent_to_our_own_name_and_nowhere_else(stack: Stack) -> None:
    line = HTTPConnection("127.0.0.1", stack.http, timeout=5)
    with contextlib.closing(line):
        line.request("GET", "/aanvragen/?role=pupil", headers={"Host": "elders.example.org"})
        answer = line.getresponse()
        assert answer.status == 301
        assert answer.headers["Location"] == f"https://{HOST}/aanvragen/?role=pupil"
        assert {name: answer.headers[name] for name in SITE_HEADERS} == SITE_HEADERS
        assert "Strict-Transport-Security" not in answer.headers


def test_who_asks_for_a_certificate_is_answered_without_tls(stack: Stack) -> None:
    asked = stack.machine.path("/var/www/eigen-kracht/.well-known/acme-challenge/word")
    asked.parent.mkdir(parents=True)
    asked.write_text("proof")
    line = HTTPConnection("127.0.0.1", stack.http, timeout=5)
    with contextlib.closing(line):
        line.request("GET", "/.well-known/acme-challenge/word")
        assert line.getresponse().read() == b"proof"


@pytest.mark.parametrize("ciphers", ["ECDHE+AESGCM", "AES128-SHA", "ECDHE-ECDSA-AES128-SHA256"])
def test_only_what_is_sound_is_spoken_before_tls_1_3(stack: Stack, ciphers: str) -> None:
    context = ssl.create_default_context(
        cafile=str(stack.machine.path("/etc/eigen-kracht/tls/fullchain.pem"))
    )
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    sound = contextlib.nullcontext() if "GCM" in ciphers else pytest.raises(ssl.SSLError)
    with sound, socket.create_connection(("127.0.0.1", stack.https), 5) as line:
        context.wrap_socket(line, server_hostname=HOST).close()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_older_tls_is_refused(stack: Stack) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    line = socket.create_connection(("127.0.0.1", stack.https), 5)
    with line, pytest.raises(ssl.SSLError, match=r"(?i)version"):
        context.wrap_socket(line, server_hostname=HOST)
