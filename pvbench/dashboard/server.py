"""The site on loopback: reads nothing but what the site is made of, writes nothing, answers to no other name."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from pvbench.dashboard import site
from pvbench.dashboard.kept_fresh import KeptFresh
from pvbench.errors import UsageError

LOOPBACK = "127.0.0.1"
OUR_NAMES = frozenset({"localhost", LOOPBACK, "::1"})
"""What a browser calls us, at whatever port a tunnel ends. Any other name was made to point here (DNS rebinding)."""
LOOKS_S, LOOKS_REMOTE_S = 3.0, 60.0
PATIENCE_S = 10.0
LIVE = "live.json"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json"}
HEADERS = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@contextmanager
def serving(fresh: KeptFresh, running: Callable[[], list[str]], port: int) -> Iterator[int]:
    """Serve a site on loopback until left; yield the port. Raises UsageError for one that cannot be had."""

    class Handler(_Handler):
        pages = fresh

        def progress(self) -> list[str]:
            """Return what is measured now, a line a run."""
            return running()

    try:
        server = ThreadingHTTPServer((LOOPBACK, port), Handler)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"port {port} cannot be had: {reason}", hint="--port names another; 0 takes any") from None
    ended = threading.Event()
    threads = (
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True),
        threading.Thread(target=_looking, args=(fresh, ended), daemon=True),
    )
    for thread in threads:
        thread.start()
    try:
        yield server.server_address[1]
    finally:
        ended.set()
        server.shutdown()
        server.server_close()


def _looking(fresh: KeptFresh, ended: threading.Event) -> None:
    while not ended.wait(LOOKS_REMOTE_S if fresh.remote else LOOKS_S):
        fresh.look()


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD by what is in memory, and reports by their exact names."""

    pages: ClassVar[KeptFresh]
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "pvbench", ""
    timeout = PATIENCE_S

    def do_GET(self) -> None:
        """Answer with a file of the site."""
        if not is_ours(self.headers.get("Host", "")):
            self._answer(HTTPStatus.MISDIRECTED_REQUEST, b"pvbench serve answers to localhost only\n", "text/plain")
            return
        name = named(self.path)
        content = self._live() if name == LIVE else self._file(name)
        if content is None:
            self._answer(HTTPStatus.NOT_FOUND, b"no page of that name\n", "text/plain")
        else:
            self._answer(HTTPStatus.OK, content, TYPES.get(PurePosixPath(name).suffix, "text/plain"))

    def do_HEAD(self) -> None:
        """Answer as GET does, without the file."""
        self.do_GET()

    def progress(self) -> list[str]:
        """Return what is measured now, a line a run."""
        return []

    def _file(self, name: str) -> bytes | None:
        if name.startswith("reports/"):
            return self.pages.report(name.removeprefix("reports/"))
        return self.pages.made.files.get(name)

    def _live(self) -> bytes:
        return json.dumps({"times": self.pages.made.times, "running": self.progress()}).encode()

    def _answer(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        for header, value in HEADERS.items():
            self.send_header(header, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_args: Any) -> None:
        """Say nothing of each request."""


def is_ours(host: str) -> bool:
    """Whether a request's Host is a name of this machine's loopback."""
    try:
        return urlsplit(f"//{host}").hostname in OUR_NAMES
    except ValueError:
        return False


def named(target: str) -> str:
    """Return the name of the file that a request is for; the empty one is the first page's."""
    return unquote(urlsplit(target).path, errors="surrogateescape").removeprefix("/") or site.FIRST
