"""nightly.yaml → whom a night tells, when, and how long what it leaves is kept."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pvbench.errors import NightlyFileError
from pvbench.yaml_schema import (
    DURATION,
    Choice,
    Const,
    Field,
    Keyed,
    Node,
    Swept,
    Text,
    Whole,
    at,
    parse,
)

FILE = "nightly.yaml"
NEWS, ALWAYS = "news", "always"
STARTTLS, TLS, PLAIN = "starttls", "tls", "none"
USUAL_PORTS = {STARTTLS: 587, TLS: 465, PLAIN: 25}


@dataclass(frozen=True)
class Secret:
    """Where a word is that stands in no file of settings: in an environment variable, or in a file of its own."""

    variable: str | None = None
    file: Path | None = None


@dataclass(frozen=True)
class Webhook:
    """An address that is posted to; one with a key in it is kept as a secret. `timeout_s` is for each try."""

    url: str | None
    secret: Secret
    timeout_s: float
    tries: int


@dataclass(frozen=True)
class Email:
    """A mail server and the addresses; without a `user` it is not logged in to."""

    server: str
    port: int
    security: str
    user: str | None
    password: Secret
    sender: str
    to: tuple[str, ...]
    timeout_s: float
    tries: int


@dataclass(frozen=True)
class Settings:
    """What nightly.yaml says; paths are beside the file where they are relative.

    `when` is NEWS or ALWAYS. `keep_runs` are the nights whose run folders stay, `keep_reports` those whose reports do;
    None: all. So it is
    with the days for which the history keeps a row a trial.
    """

    site: Path | None = None
    when: str = NEWS
    webhook: Webhook | None = None
    email: Email | None = None
    markdown: Path | None = None
    keep_runs: int | None = None
    keep_reports: int | None = None
    keep_rows_days: int | None = None


_PATH = Text("path", r"[^\s\x00].*", "a file or folder, beside this file where it is relative", longest=1000)
URL = Text("address", r"https?://[^\s/@]+(?:/\S*)?", "http:// or https://, without a login in it", longest=2000)
_SERVER = Text("server", r"[A-Za-z0-9_\[][A-Za-z0-9._:\[\]-]*", "a name or an IP address; the port has its own key")
_MAIL = Text("mail address", r"[^\s@<>,;:\"\\]+@[A-Za-z0-9.\[\]:-]+", "such as bench@example.org, without a name", 254)
_VARIABLE = Text("variable", r"[A-Za-z_][A-Za-z0-9_]*", "letters, digits and '_'")
_USER = Text("user name", r"[^\s\x00-\x1f].*", "a login name")
_TIMEOUT = Field(DURATION.between("100ms", "2m"), "How long each try may take.", default="10s")
_TRIES = Field(Whole(1, 10), "How often it is tried, with pauses of 1, 2, 4 ... seconds.", default="3")

_WEBHOOK = Keyed(
    "a webhook",
    {
        "url": Field(URL, "Where the night is posted to, as JSON."),
        "url_variable": Field(_VARIABLE, "The environment variable that holds the address, where it is secret."),
        "url_file": Field(_PATH, "The file that holds the address, where it is secret."),
        "timeout": _TIMEOUT,
        "tries": _TRIES,
    },
)
_EMAIL = Keyed(
    "an e-mail",
    {
        "server": Field(_SERVER, "The mail server.", required=True),
        "port": Field(Whole(1, 65535), "Its port; left out: 587 for starttls, 465 for tls, 25 for none."),
        "security": Field(Choice("security", (STARTTLS, TLS, PLAIN)), "How it is spoken to.", default=STARTTLS),
        "user": Field(_USER, "Its login; left out: none."),
        "password_variable": Field(_VARIABLE, "The environment variable that holds the password."),
        "password_file": Field(_PATH, "The file that holds the password."),
        "from": Field(_MAIL, "The sender.", required=True),
        "to": Field(Swept(_MAIL), "One address or a list.", required=True),
        "timeout": _TIMEOUT,
        "tries": _TRIES,
    },
)
_NOTIFY = Keyed(
    "notify",
    {
        "when": Field(Choice("occasion", (NEWS, ALWAYS)), "Where there is something to say, or always.", default=NEWS),
        "webhook": Field(_WEBHOOK, "Post the night to an address."),
        "email": Field(_EMAIL, "Send it by mail."),
        "markdown": Field(_PATH, "Write it to a file, in Markdown as GitHub shows it."),
    },
)
_KEEP = Keyed(
    "keep",
    {
        "runs": Field(Whole(1, 100_000), "Nights whose run folders are kept; left out: all. Their rows stay."),
        "reports": Field(Whole(1, 100_000), "Nights whose reports are kept in the site; left out: all."),
        "rows": Field(
            Whole(1, 36_500), "Days for which the history keeps a row a trial; left out: all. Its values stay."
        ),
    },
)
_FILE = Keyed(
    "nightly.yaml",
    {
        "schema": Field(Const(1), "Version of this format.", required=True),
        "site": Field(_PATH, "The folder of the dashboard and the reports; left out: none is written."),
        "notify": Field(_NOTIFY, "Who is told of a night."),
        "keep": Field(_KEEP, "How long is kept what a night leaves."),
    },
)


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of nightly.yaml."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "pvbench nightly", **_FILE.schema()}


def load(text: str, *, name: str, folder: Path) -> Settings:
    """Return what a nightly.yaml says; raises NightlyFileError, located, for the first thing wrong."""
    root = parse(text, name=name, error=NightlyFileError)
    read = _FILE.read(root)
    notify, keep = read["notify"] or {}, read["keep"] or {}
    return Settings(
        site=_beside(folder, read["site"]),
        when=notify.get("when", NEWS),
        webhook=_webhook(notify["webhook"], at(root, "notify", "webhook"), folder) if notify.get("webhook") else None,
        email=_email(notify["email"], at(root, "notify", "email"), folder) if notify.get("email") else None,
        markdown=_beside(folder, notify.get("markdown")),
        keep_runs=keep.get("runs"),
        keep_reports=keep.get("reports"),
        keep_rows_days=keep.get("rows"),
    )


def _webhook(read: dict[str, Any], node: Node, folder: Path) -> Webhook:
    ways = [key for key in ("url", "url_variable", "url_file") if read[key] is not None]
    if len(ways) != 1:
        raise node.problem(f"a webhook has one of url, url_variable and url_file, not {len(ways) or 'none'} of them")
    return Webhook(read["url"], _secret(read, "url", folder), float(read["timeout"]), read["tries"])


def _email(read: dict[str, Any], node: Node, folder: Path) -> Email:
    password = _secret(read, "password", folder)
    if (password.variable or password.file) and not read["user"]:
        raise node.problem("a password without a user; add 'user'")
    if read["user"] and not (password.variable or password.file):
        raise node.problem("a user without a password; add password_variable or password_file")
    if password.variable and password.file:
        raise node.problem("the password is in password_variable or in password_file, not in both")
    if read["user"] and read["security"] == PLAIN and read["server"] not in ("localhost", "127.0.0.1", "[::1]"):
        raise node.problem("security: none would send the password in the clear; say starttls or tls")
    return Email(
        server=read["server"],
        port=read["port"] or USUAL_PORTS[read["security"]],
        security=read["security"],
        user=read["user"],
        password=password,
        sender=read["from"],
        to=read["to"],
        timeout_s=float(read["timeout"]),
        tries=read["tries"],
    )


def _secret(read: dict[str, Any], what: str, folder: Path) -> Secret:
    return Secret(read[f"{what}_variable"], _beside(folder, read[f"{what}_file"]))


def _beside(folder: Path, path: str | None) -> Path | None:
    return None if path is None else folder / path
