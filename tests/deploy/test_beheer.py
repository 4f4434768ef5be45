"""The operator's paper, followed from top to bottom on a machine in a folder."""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.development.catcher import catching
from tests.deploy.stack import HOST, Stack, certificate
from tests.deploy.units import DEPLOY, ROOT, Machine, confined, install_release, settings
from tests.machine import POSTGRES
from tests.portal_app import DOORS, PHONE, required
from tests.postgresql import Server
from tests.real_server import Filled, free_port
from tests.site_build import ensure_built

PAPER = ROOT / "docs" / "beheer.md"
BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
PATIENCE = 60  # seconds for one line
M = re.MULTILINE

# What is not done as it stands, and why.
NOT_DONE = {
    "apt-get": "its packages are those that the tests need anyhow",
    "adduser": "the tests run as whoever runs them, on a machine of others",
    "git clone": "the address is an example; this checkout is in its place",
    "make site": "packages would come from outside; the site and what nginx needs are there",
    "certbot": "no authority knows this machine",
    "ln -sf /etc/letsencrypt/": "so that certificate is not there",
    "systemctl daemon-reload": "there is no systemd; our units are read each time",
    "systemctl list-timers": "there is no systemd",
    "journalctl": "there is no systemd; what a service says is in a file here",
}
# By what the units and nginx's own file say, at other ports, and the portal through the proxy.
OTHERWISE = ("systemctl", "nginx", "curl")
# Other words for the same on a machine that has one user, and a mail server on loopback.
OTHER_WORDS = {
    "-o eigen-kracht -g eigen-kracht ": "",
    "-o root -g eigen-kracht ": "",
    "runuser -u eigen-kracht -- ": "",
    "runuser -u postgres -- ": "",
    "PORTAL_MAIL_SERVER=smtp.example.org": "PORTAL_MAIL_SERVER=127.0.0.1",
    "PORTAL_MAIL_SECURITY=starttls": "PORTAL_MAIL_SECURITY=none",
}
# It names what is left to do after an installation, and exits with 1 for it.
MAY_REFUSE = "portal doctor"
# Where PostgreSQL listens by itself is another machine's, so here it is told.
SERVED = re.compile(r"(postgresql://eigen-kracht@/portal)(?!\?)")


def steps() -> Iterator[tuple[str, str]]:
    """Every line of the paper that is for a shell, under the heading where it stands."""
    for section in re.split(r"^##+ ", PAPER.read_text(encoding="utf-8"), flags=re.MULTILINE):
        heading = section.partition("\n")[0]
        for block in BLOCK.findall(section):
            yield from ((heading, line.strip()) for line in block.splitlines() if line.strip())


class Operator:
    """Does what the paper says, on this machine."""

    def __init__(self, machine: Machine, mail_port: int) -> None:
        self.machine, self.stack = machine, Stack(machine)
        self._mail_port = mail_port
        self.said: dict[str, str] = {}
        self.done: list[str] = []
        self.postgresql: Server | None = None
        self.waiting: Filled | None = None

    def follow(self, line: str) -> None:
        """Do one line; raises ``AssertionError`` with what it said where it fails."""
        self.done.append(line)
        if line.startswith("git clone"):
            install_release(self.machine, line.rpartition("/")[2])
        elif line == "apt-get install -y postgresql":
            self.postgresql = Server()  # as Debian starts it
        elif not line.startswith(tuple(NOT_DONE)):
            self._do(line)

    def _do(self, line: str) -> None:
        first, *words = shlex.split(line)
        if first == "systemctl":
            self._systemctl(words)
        elif first == "nginx":
            self.stack.check_proxy()
        elif first == "curl":
            self._ask(words)
        else:
            self._shell(line)
            self._rewrite()

    def until_mailed(self, address: str, times: int = 1) -> None:
        """Wait for so many letters to this address."""
        until(lambda: sum(f"To: {address}" in letter for letter in self._letters()) >= times)

    def mailed(self) -> list[str]:
        """The Message-ID of every letter that arrived, in order."""
        return sorted(
            line for letter in self._letters() for line in re.findall("^Message-ID:.*", letter, M)
        )

    def _letters(self) -> list[str]:
        files = (self.machine.folder / "mailbox").glob("*.eml")
        return [file.read_text("ascii") for file in files]

    def form(self) -> Filled:
        """A request, filled in through the proxy and not sent yet."""
        return self.stack.fill_in(DOORS["pupil"], required("pupil"))

    def cases(self) -> int:
        """How many cases the database holds that the settings name."""
        ((number,),) = self.asked('SELECT count(*) FROM "case"')
        return int(f"{number}")

    def asked(self, question: str) -> list[tuple[object, ...]]:
        """The answer of that database, by another way than the portal's."""
        url = settings(self.machine.path("/etc/eigen-kracht/portal.env"))["PORTAL_DATABASE_URL"]
        if self.postgresql and url.startswith("postgresql:"):
            return self.postgresql.execute(question, "portal")
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as opened:
            return opened.execute(question).fetchall()

    def refused(self, line: str) -> str:
        """Do one line that must not succeed; gives what it complained of."""
        done = self._run(line)
        assert done.returncode == 1
        return done.stderr

    def _shell(self, line: str) -> None:
        done = self._run(line)
        self.said[line] = done.stdout
        assert done.returncode == 0 or line.startswith(MAY_REFUSE), (line, done.stderr)
        assert "Traceback" not in done.stderr

    def _run(self, line: str) -> "subprocess.CompletedProcess[str]":
        places = [str(self.machine.folder / "usr" / "local" / "sbin"), os.environ["PATH"]]
        of_server = {}
        if self.postgresql and line.startswith("runuser -u postgres"):
            of_server = {"PGHOST": f"{self.postgresql.folder}", "PGUSER": "portal"}
            of_server["PGDATABASE"] = "postgres"
            places.append(str(programs_of_postgresql()))
        return subprocess.run(  # noqa: S603
            ["sh", "-c", self._here(line)],  # noqa: S607
            env={"PATH": ":".join(places), "PYTHONPATH": str(ROOT), **of_server},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def _here(self, text: str) -> str:
        for there, here in OTHER_WORDS.items():
            text = text.replace(there, here)
        text = text.replace(f"-connect {HOST}:443", f"-connect 127.0.0.1:{self.stack.https}")
        if self.postgresql:
            text = SERVED.sub(rf"\1?host={self.postgresql.folder}", text)
        port = f"PORTAL_MAIL_PORT={self._mail_port}"
        return self.machine.map(text).replace("PORTAL_MAIL_PORT=587", port)

    def _rewrite(self) -> None:
        """In what was put in place: the paths of here."""
        for name in ("/etc/eigen-kracht/portal.env", "/usr/local/sbin/portal"):
            file = self.machine.path(name)
            if file.exists():
                file.write_text(self._here(file.read_text()))

    def _systemctl(self, words: list[str]) -> None:
        verb, *units = [word for word in words if word != "--now"]
        if verb == "reload":
            assert units == ["nginx.service"]
            self.stack.reload_proxy()
        if verb in {"stop", "restart"}:
            self._stop(units)
        if verb in {"start", "enable", "restart"}:
            self._start(units)

    def _stop(self, units: list[str]) -> None:
        names = [unit.removesuffix(".service") for unit in units]
        running = [name for name in names if self.machine.runs(name)]
        for name in running:
            self.machine.tell(name, signal.SIGTERM)
        for name in running:
            assert self.machine.wait(name) == 0
        for unit in units:
            if unit.endswith(".socket"):
                self.machine.close(unit)

    def _start(self, units: list[str]) -> None:
        # The socket first, and last the one that is waited for.
        for unit in sorted(units, key=lambda unit: (".service" in unit, "web" in unit)):
            if unit.endswith(".socket"):
                self.machine.listen(unit)
            elif unit == "nginx.service":
                self.stack.start_proxy()
            else:
                self.machine.start(unit)

    def _ask(self, words: list[str]) -> None:
        address = words[-1].removeprefix("https://portaal.example.org")
        _, _, self.said[f"curl {address}"] = self.stack.ask("GET", address)


@contextlib.contextmanager
def new_machine() -> Iterator[Machine]:
    """A machine with what Debian has by itself."""
    folder = Path(tempfile.mkdtemp(prefix="stack-"))
    for place in ("etc/systemd/system", "etc/nginx", "usr/local/sbin", "var/log/nginx"):
        (folder / place).mkdir(parents=True)
    machine = Machine(folder)
    try:
        yield machine
    finally:
        machine.stop_all()
        shutil.rmtree(folder)


@pytest.fixture
def operator() -> Iterator[Operator]:
    ensure_built()
    with new_machine() as machine, catching(machine.folder / "mailbox") as port:
        operator = Operator(machine, port)
        yield operator
        machine.stop_all()
        if operator.postgresql:
            operator.postgresql.remove()


def programs_of_postgresql() -> Path:
    """Where ``psql`` and its like are."""
    found = POSTGRES.find()
    assert found
    return found.resolve().parent


def until(done: Callable[[], bool]) -> None:
    """Wait until it is so."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_whoever_follows_the_paper_has_a_portal_that_works(operator: Operator) -> None:
    lines = list(steps())
    seen = {
        "Klopt alles?": has_all_that_a_new_portal_has,
        "Een nieuwe versie": is_upgraded,
        "Terugzetten": has_what_was_in_the_backup,
        "Een nieuwe sleutel": has_one_new_key,
        "Naar PostgreSQL": has_all_of_before_on_postgresql,
        "Terugzetten op PostgreSQL": has_what_was_in_the_backup_on_postgresql,
        "Terug naar SQLite": is_back_on_sqlite,
        "Het certificaat": tells_until_when_the_certificate_is_good,
        "Na een lek": answers,
    }
    for number, (heading, line) in enumerate(lines):
        if line.startswith("portal move"):
            moves_with_a_visitor_there(operator, line)
        else:
            operator.follow(line)
        last = number + 1 == len(lines) or lines[number + 1][0] != heading
        if last and heading in seen:
            seen.pop(heading)(operator)
    assert not seen
    has_nothing_left_over(operator)


def answers(operator: Operator) -> None:
    assert operator.stack.ask("GET", "/aanvragen/")[0] == 200


def has_all_that_a_new_portal_has(operator: Operator) -> None:
    """A request through the proxy is a case, and its letter is delivered; so is the doctor's."""
    assert json.loads(operator.said["curl /gezondheid"])["status"] == "ok"
    told = operator.said["portal doctor --mail ada@example.org"]
    ill = re.findall(r"^fail +(\w+)", told, re.MULTILINE)
    assert ill == ["staff"]
    assert set(re.findall(r"^(?:ok|fail) +(\w+)", told, re.MULTILINE)) == set(lights())
    assert "/beheer/uitnodiging/" in operator.said["portal staff link ada@example.org"]
    assert operator.stack.send(operator.form())[0] == 303
    operator.until_mailed("utrecht@example.org")
    operator.until_mailed("ada@example.org")
    assert operator.cases() == 1


def lights() -> list[str]:
    """What the paper says of each red light."""
    table = PAPER.read_text(encoding="utf-8").partition("## Als het licht rood is")[2]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def is_upgraded(operator: Operator) -> None:
    current = operator.machine.path("/opt/eigen-kracht/current")
    assert current.resolve().name == "2026-12-15"
    assert operator.machine.path("/opt/eigen-kracht/previous").resolve().name == "2026-12-01"
    assert json.loads(operator.said["curl /gezondheid"])["status"] == "ok"
    assert operator.cases() == 1


def has_what_was_in_the_backup(operator: Operator) -> None:
    answers(operator)
    assert operator.cases() == 1
    aside = operator.machine.path("/var/lib/eigen-kracht/opzij")
    assert (aside / "portal.db").exists()
    can_be_restored_elsewhere(operator, "met-de-hand.db")


def can_be_restored_elsewhere(operator: Operator, name: str) -> None:
    """On another machine, with the backup and the key and nothing else of this one."""
    with new_machine() as machine:
        other = Operator(machine, mail_port=9)
        wanted = ("Installeren", "Instellingen")
        for heading, line in steps():
            if heading in wanted:
                other.follow(line)
        file = machine.path("/etc/eigen-kracht/portal.env")
        key = settings(operator.machine.path("/etc/eigen-kracht/portal.env"))["PORTAL_DATA_KEYS"]
        made = settings(file)["PORTAL_DATA_KEYS"]
        backup = f"/srv/eigen-kracht/{name}"
        shutil.copy(operator.machine.path(backup), machine.path(backup))
        with pytest.raises(AssertionError, match="PORTAL_DATA_KEYS"):
            other.follow(f"portal restore {backup}")
        file.write_text(file.read_text().replace(made, key))
        other.follow(f"portal restore {backup}")
        assert other.cases() == 1


def has_one_new_key(operator: Operator) -> None:
    file = operator.machine.path("/etc/eigen-kracht/portal.env")
    key = settings(file)["PORTAL_DATA_KEYS"]
    assert "," not in key
    told = operator.said["portal keys rotate"]
    assert int(re.search(r"sealed (\d+) values anew", told)[1]) > 5  # type: ignore[index]
    answers(operator)


def moves_with_a_visitor_there(operator: Operator, line: str) -> None:
    """Who began before it is told to come back, and can once all is started again."""
    form = operator.form()
    operator.follow(line)
    status, _, page = operator.stack.ask("POST", form.path, form.body, form.headers)
    assert (status, PHONE in page) == (503, True)
    operator.waiting = form


def has_all_of_before_on_postgresql(operator: Operator) -> None:
    is_well(operator)
    assert operator.cases() == 1
    takes_in_and_mails_what_waited(operator)
    goes_on_when_postgresql_was_started_again(operator)
    refuses_to_use_the_old_database(operator)
    backs_up_each_day(operator)


def takes_in_and_mails_what_waited(operator: Operator) -> None:
    """It is one case more and its letters, and no letter of before went a second time."""
    cases, mailed = operator.cases(), operator.mailed()
    assert operator.waiting
    assert operator.stack.send(operator.waiting)[0] == 303
    until(lambda: len(operator.mailed()) == len(mailed) + 1)
    assert operator.cases() == cases + 1
    assert len(set(operator.mailed())) == len(operator.mailed())


def is_well(operator: Operator) -> None:
    """The doctor has nothing to say but that somebody has yet to sign in."""
    told = operator.said["portal doctor"]
    assert re.findall(r"^fail +(\w+)", told, M) == ["staff"]
    assert len(re.findall(r"^ok ", told, M)) == len(lights()) - 1
    assert json.loads(operator.stack.ask("GET", "/gezondheid")[2])["status"] == "ok"


def goes_on_when_postgresql_was_started_again(operator: Operator) -> None:
    """Neither web nor worker is started again; who comes first does not notice."""
    assert operator.postgresql
    form, again = operator.form(), operator.form()
    pids = [operator.machine.pid(f"eigen-kracht-{name}") for name in ("web", "worker")]
    operator.postgresql.stop()
    assert operator.stack.send(form)[0] == 503
    operator.postgresql.start()
    assert [operator.stack.send(one)[0] for one in (form, again)] == [303, 303]
    operator.until_mailed("utrecht@example.org", times=4)
    assert pids == [operator.machine.pid(f"eigen-kracht-{name}") for name in ("web", "worker")]


def refuses_to_use_the_old_database(operator: Operator) -> None:
    old = operator.machine.path("/var/lib/eigen-kracht/portal.db")
    with contextlib.closing(sqlite3.connect(old)) as opened:
        with pytest.raises(sqlite3.IntegrityError, match="was moved"):
            opened.execute("DELETE FROM letter")
        assert opened.execute('SELECT count(*) FROM "case"').fetchone() == (1,)
    file = operator.machine.path("/etc/eigen-kracht/portal.env")
    now = file.read_text()
    file.write_text(
        re.sub("^PORTAL_DATABASE_URL=.*", f"PORTAL_DATABASE_URL=sqlite:///{old}", now, flags=M)
    )
    said = operator.refused("portal worker")
    assert (said.count("\n"), "was moved to postgresql:///portal" in said) == (1, True)
    file.write_text(now)


def backs_up_each_day(operator: Operator) -> None:
    """The worker does, and what it made is sound and holds what there is."""
    daily = operator.machine.path("/srv/eigen-kracht")
    for made in daily.glob("portal-????-??-??.db"):
        made.unlink()  # of before the move
    operator.follow("systemctl restart eigen-kracht-worker.service")
    until(lambda: bool(list(daily.glob("portal-????-??-??.db"))))
    (made,) = daily.glob("portal-????-??-??.db")
    with contextlib.closing(sqlite3.connect(made)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert opened.execute('SELECT count(*) FROM "case"').fetchone() == (4,)


def has_what_was_in_the_backup_on_postgresql(operator: Operator) -> None:
    """All of when it was made, and no letter goes again."""
    answers(operator)
    assert operator.cases() == 1
    assert len(set(operator.mailed())) == len(operator.mailed())


def is_back_on_sqlite(operator: Operator) -> None:
    is_well(operator)
    assert operator.cases() == 1
    takes_in_and_mails_what_waited(operator)


def tells_until_when_the_certificate_is_good(operator: Operator) -> None:
    """Of the one that a visitor gets."""
    (told,) = (said for line, said in operator.said.items() if line.startswith("openssl s_client"))
    assert told.startswith("notAfter=")


def has_nothing_left_over(operator: Operator) -> None:
    """Every line that the list of what is not done names is there, and no secret is in a log."""
    done = operator.done
    for beginning in (*NOT_DONE, *OTHERWISE):
        assert any(line.startswith(beginning) for line in done), beginning
    secrets = settings(operator.machine.path("/etc/eigen-kracht/portal.env"))
    for name in ("eigen-kracht-web", "eigen-kracht-worker", "nginx"):
        told = operator.machine.log(name)
        assert secrets["PORTAL_SECRET_KEY"] not in told
        assert secrets["PORTAL_DATA_KEYS"] not in told
        assert "Traceback" not in told


# -- the files of deploy/ themselves

# Whether each of these is reached under TLS, or what it is refused with.
CONNECT = """
import sys
import psycopg
for url in sys.argv[1:]:
    try:
        with psycopg.connect(url, connect_timeout=5) as line:
            print(line.pgconn.ssl_in_use)
    except psycopg.Error as fault:
        print(type(fault).__name__)
"""


@pytest.fixture(scope="module")
def tls_server() -> Iterator[Server]:
    """A server that also listens on loopback, and proves its name there."""
    server = Server(listen_addresses="127.0.0.1", port=str(free_port()))
    try:
        data = server.folder / "data"
        for made, name in (("fullchain.pem", "server.crt"), ("privkey.pem", "server.key")):
            shutil.copy(certificate() / made, data / name)
            shutil.chown(data / name, data.owner())
            (data / name).chmod(0o600)
        server.execute("ALTER SYSTEM SET ssl = on")
        server.stop()
        server.start()
        yield server
    finally:
        server.remove()


def test_the_example_names_settings_that_there_are_and_holds_no_secret() -> None:
    given = settings(DEPLOY / "portal.env.example")
    known = re.findall(r'take\("(\w+)"', (ROOT / "portal" / "config.py").read_text())
    assert given.keys() <= {f"PORTAL_{name}" for name in known}
    secret = {name for name in given if re.search("KEY|PASSWORD", name)}
    assert len(secret) == 3
    assert not any(given[name] for name in secret)


def test_what_a_service_may_do_is_little() -> None:
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        pytest.skip("this machine has no systemd to ask")
    for unit in DEPLOY.glob("*.service"):
        words = [analyze, "security", "--offline=true", "--threshold=13", str(unit)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("tried", "refused"),
    [
        ("import os; os.chown('.', os.getuid(), os.getgid())", "PermissionError"),
        ("import socket as s; s.socket(s.AF_NETLINK, s.SOCK_RAW)", "Address family not supported"),
    ],
)
def test_a_service_is_refused_what_its_unit_does_not_leave_it(tried: str, refused: str) -> None:
    """So that the other tests, which run the services like this, tell something of it."""
    if not confined("eigen-kracht-web.service"):
        pytest.skip("this machine has no systemd to ask, or no libseccomp")
    words = [*confined("eigen-kracht-web.service"), sys.executable, "-c", tried]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    assert refused in done.stderr


@pytest.mark.parametrize("unit", ["eigen-kracht-web.service", "eigen-kracht-worker.service"])
def test_what_its_unit_leaves_a_service_is_enough_for_postgresql_near_and_far(
    tls_server: Server, unit: str
) -> None:
    port = tls_server.url("postgres").partition("@:")[2].partition("/")[0]
    certificate = tls_server.folder / "data" / "server.crt"
    far = f"hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={certificate}"
    places = {
        "a socket": tls_server.url("postgres"),
        "TCP": f"postgresql://portal@127.0.0.1:{port}/postgres?sslmode=disable",
        "TLS": f"postgresql://portal@{HOST}:{port}/postgres?{far}",
        "another name": f"postgresql://portal@elders.example.org:{port}/postgres?{far}",
    }
    ran = subprocess.run(  # noqa: S603
        [*confined(unit), sys.executable, "-c", CONNECT, *places.values()],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.split() == ["False", "False", "True", "OperationalError"], ran.stderr


@pytest.mark.parametrize("unit", ["eigen-kracht-web.service", "eigen-kracht-worker.service"])
def test_a_service_that_is_refused_is_tried_again_for_ever_and_begins_after_its_database(
    unit: str,
) -> None:
    told = (DEPLOY / unit).read_text()
    assert {"Restart=always", "RestartSec=5", "StartLimitIntervalSec=0"} <= set(told.splitlines())
    assert re.search("^After=.*postgresql.service", told, M)
