"""A message on its way: to real servers on loopback, slow, dead, refusing ones; no secret is ever told."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pvbench.nightly.deliver import channels, deliver
from pvbench.nightly.parcel import Parcel
from pvbench.nightly.settings import load
from pvbench.testing.clock import FakeClock

PARCEL = Parcel(
    key="k1",
    subject="pvbench: 1 regression\nBcc: x@y",
    markdown="### told\n",
    plain="told, plainly\n",
    data={"text": "told"},
    at=datetime(2026, 1, 1, tzinfo=UTC),
)

SECRET = "s3cret-w0rd"


def send(text: str, folder: Path, environment: dict[str, str] | None = None, sent: tuple[str, ...] = ()) -> Any:
    """Return what went wrong with each channel of a `notify:`, and which took the parcel."""
    settings = load(f"schema: 1\nnotify:\n{text}", name="nightly.yaml", folder=folder)
    took: list[str] = []
    wrong = deliver(PARCEL, tuple(channels(settings, environment or {})), sent, FakeClock(), took.append)
    return wrong, took


@dataclass
class Hook:
    """A server that answers with `codes` in turn, the last for ever, each after `pause_s`."""

    codes: list[int] = field(default_factory=lambda: [200])
    pause_s: float = 0.0
    posted: list[tuple[dict[str, str], Any]] = field(default_factory=list)
    port: int = 0

    def answer(self) -> int:
        return self.codes.pop(0) if len(self.codes) > 1 else self.codes[0]


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.posted.append((dict(self.headers), json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            time.sleep(made.pause_s)
            self.send_response(made.answer())
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_port
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield made
        server.shutdown()


def webhook(hook: Hook, more: str = "") -> str:
    return f"  webhook: {{url: 'http://127.0.0.1:{hook.port}/x'{more}}}"


def test_a_night_is_posted_as_json_with_a_key_that_is_the_nights(hook: Hook, tmp_path: Path) -> None:
    assert ([], ["webhook"]) == send(webhook(hook), tmp_path)
    ((headers, content),) = hook.posted
    assert {"text": "told"} == content
    assert ("application/json", '"k1"') == (headers["Content-Type"], headers["Idempotency-Key"])


def test_what_had_the_message_is_not_told_again(hook: Hook, tmp_path: Path) -> None:
    assert ([], []) == send(webhook(hook), tmp_path, sent=("webhook",))
    assert [] == hook.posted


@pytest.mark.parametrize(
    ("codes", "tries", "wrong"),
    [
        ([500, 503, 200], 3, []),
        ([500], 3, ["webhook: answered 500"]),
        ([429, 200], 2, []),
        ([404], 1, ["webhook: answered 404"]),
        ([302], 1, ["webhook: answered 302"]),
    ],
)
def test_a_server_in_trouble_is_tried_again_and_one_that_refuses_is_not(
    hook: Hook, tmp_path: Path, codes: list[int], tries: int, wrong: list[str]
) -> None:
    hook.codes = codes
    assert (wrong, [] if wrong else ["webhook"]) == send(webhook(hook), tmp_path)
    assert tries == len(hook.posted)


def test_a_slow_server_is_left_behind(hook: Hook, tmp_path: Path) -> None:
    hook.pause_s = 1.0
    begun = time.monotonic()
    wrong, took = send(webhook(hook, ", timeout: 100ms, tries: 1"), tmp_path)
    assert ([], 1) == (took, len(wrong))
    assert time.monotonic() - begun < 0.9


def test_a_dead_server_is_told_without_its_address(tmp_path: Path) -> None:
    text = "  webhook: {url_variable: HOOK, tries: 2}"
    wrong, took = send(text, tmp_path, {"HOOK": f"http://127.0.0.1:9/{SECRET}"})
    assert (["webhook: Connection refused"], []) == (wrong, took)


@pytest.mark.parametrize("address", ["", "ftp://x/", f"file:///{SECRET}", SECRET, "http://[::1/", "http://a b/"])
def test_an_address_that_is_none_is_told_without_it(tmp_path: Path, address: str) -> None:
    wrong, took = send("  webhook: {url_variable: HOOK}", tmp_path, {"HOOK": address})
    assert ([], 1) == (took, len(wrong))
    assert SECRET not in wrong[0]


def test_a_message_is_written_to_a_file_and_one_that_cannot_be_is_told(tmp_path: Path) -> None:
    assert ([], ["markdown"]) == send("  markdown: out/night.md", tmp_path)
    assert "### told\n" == (tmp_path / "out/night.md").read_text()
    (tmp_path / "plain").write_text("")
    wrong, took = send("  markdown: plain/night.md", tmp_path)
    assert ([], 1) == (took, len(wrong))


@dataclass
class Post:
    """A mail server that lets `bench` in with the secret word, over TLS."""

    letters: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    authority: Path = Path()
    port: int = 25

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.letters.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 taken"


def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, login: Any) -> AuthResult:
    right = (login.login, login.password) == (b"bench", SECRET.encode())
    return AuthResult(success=right, handled=False)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of localhost that signed itself, with its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "cert.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def post(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Post]]:
    """Begin a mail server; with `tls`, one that speaks it from the first byte."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    running: list[Controller] = []

    def begin(*, tls: bool = False) -> Post:
        made = Post()
        ways: dict[str, Any] = (
            {"ssl_context": context, "auth_require_tls": False}
            if tls
            else {"tls_context": context, "require_starttls": True}
        )
        server = Controller(
            made, hostname="localhost", port=free_port(), authenticator=authenticate, auth_required=True, **ways
        )
        server.start()
        running.append(server)
        made.port = server.port
        return made

    yield begin
    for server in running:
        server.stop()


def mail(server: Post, security: str, more: str = "") -> str:
    return (
        f"  email: {{server: localhost, port: {server.port}, security: {security}, user: bench, "
        f"from: bench@example.org, to: [a@example.org, b@example.org], timeout: 5s{more}}}"
    )


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it speaks TLS from the first byte
@pytest.mark.parametrize(("security", "tls"), [("starttls", False), ("tls", True)])
def test_a_night_is_mailed_over_tls_with_a_password_from_a_file(
    post: Callable[..., Post], tmp_path: Path, security: str, tls: bool
) -> None:
    (tmp_path / "word").write_text(f"{SECRET}\n")
    server = post(tls=tls)
    assert ([], ["email"]) == send(mail(server, security, ", password_file: word"), tmp_path)
    ((sender, to, content),) = server.letters
    assert ("bench@example.org", ["a@example.org", "b@example.org"]) == (sender, to)
    letter = message_from_bytes(content)
    assert ("<k1@example.org>", "told, plainly") == (letter["Message-ID"], letter.get_payload().strip())
    assert "pvbench: 1 regression Bcc: x@y" == letter["Subject"]
    assert None is letter["Bcc"]


def test_a_wrong_password_is_told_and_not_what_it_was(post: Callable[..., Post], tmp_path: Path) -> None:
    server = post()
    wrong, took = send(mail(server, "starttls", ", password_variable: WORD"), tmp_path, {"WORD": f"no-{SECRET}"})
    assert (["email: localhost answered 535"], [], []) == (wrong, took, server.letters)


def test_a_password_that_is_nowhere_is_told(tmp_path: Path) -> None:
    for key, wrong in (
        ("password_variable: WORD", "variable WORD is not set"),
        ("password_file: nowhere", "cannot be read"),
    ):
        problems, took = send(mail(Post(), "starttls", f", {key}"), tmp_path)
        assert ([], True) == (took, wrong in problems[0])


def test_a_server_whose_certificate_nobody_vouches_for_gets_no_password(
    post: Callable[..., Post], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = post()
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    text = mail(server, "starttls", ", password_variable: WORD, tries: 1")
    wrong, took = send(text, tmp_path, {"WORD": SECRET})
    assert ([], [], 1) == (took, server.letters, len(wrong))


def test_a_server_on_this_machine_is_spoken_to_without_tls_and_without_a_login(tmp_path: Path) -> None:
    made = Post()
    server = Controller(made, hostname="localhost", port=free_port())
    server.start()
    try:
        text = (
            f"  email: {{server: localhost, port: {server.port}, security: none, from: a@b.c, to: d@e.f, timeout: 5s}}"
        )
        assert ([], ["email"]) == send(text, tmp_path)
    finally:
        server.stop()
    assert [("a@b.c", ["d@e.f"])] == [(sender, to) for sender, to, _ in made.letters]
