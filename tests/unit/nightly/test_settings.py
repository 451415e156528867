"""nightly.yaml: what is read, and what is told of one that is wrong, with its place."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from pvbench.errors import NightlyFileError
from pvbench.nightly.settings import Email, Secret, Settings, Webhook, load, schema

ROOT = Path(__file__).parents[3]
WHOLE = """\
schema: 1
site: site
notify:
  when: always
  markdown: night.md
  webhook: {url_file: /etc/pvbench/hook, timeout: 5s, tries: 2}
  email: {server: mail.example.org, user: bench, password_variable: WORD, from: a@example.org, to: b@example.org}
keep: {runs: 30, reports: 400, rows: 365}
"""


def read(text: str) -> Settings:
    return load(text, name="nightly.yaml", folder=Path("/there"))


def test_a_whole_file_is_read_with_paths_beside_it() -> None:
    assert read(WHOLE) == Settings(
        site=Path("/there/site"),
        when="always",
        webhook=Webhook(None, Secret(None, Path("/etc/pvbench/hook")), 5.0, 2),
        email=Email(
            server="mail.example.org",
            port=587,
            security="starttls",
            user="bench",
            password=Secret("WORD"),
            sender="a@example.org",
            to=("b@example.org",),
            timeout_s=10.0,
            tries=3,
        ),
        markdown=Path("/there/night.md"),
        keep_runs=30,
        keep_reports=400,
        keep_rows_days=365,
    )
    assert read("schema: 1") == Settings()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schema: 1\nnotfy: {}", "nightly.yaml:2:1: unknown key 'notfy' in nightly.yaml; did you mean 'notify'?"),
        ("schema: 2", "nightly.yaml:1:9: schema 2 is not known"),
        ("schema: 1\nnotify: {when: alway}", "no occasion 'alway'; did you mean 'always'?"),
        ("schema: 1\nnotify: {webhook: {tries: 3}}", "one of url, url_variable and url_file, not none"),
        ("schema: 1\nnotify: {webhook: {url: 'http://a', url_file: b}}", "not 2 of them"),
        ("schema: 1\nnotify: {webhook: {url: 'http://user:word@a'}}", "without a login in it"),
        ("schema: 1\nnotify: {webhook: {url: 'file:///etc/passwd'}}", "http:// or https://"),
        ("schema: 1\nkeep: {runs: 0}", "0 is out of range"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, says: str) -> None:
    with pytest.raises(NightlyFileError) as raised:
        read(text)
    assert says in raised.value.message
    assert raised.value.message.startswith("nightly.yaml:")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (", user: a", "a user without a password"),
        (", password_file: a", "a password without a user"),
        (", user: a, password_file: a, password_variable: B", "not in both"),
        (", user: a, password_file: a, security: none", "would send the password in the clear"),
        (", password: word", "unknown key 'password'"),
        (", security: ssl", "no security 'ssl'"),
    ],
)
def test_a_password_is_never_in_the_file_nor_in_the_clear(more: str, says: str) -> None:
    text = f"schema: 1\nnotify: {{email: {{server: m.example.org, from: a@b.c, to: a@b.c{more}}}}}"
    with pytest.raises(NightlyFileError, match=says):
        read(text)


def test_the_schema_takes_what_is_read_and_refuses_a_typing_error() -> None:
    whole: dict[str, Any] = yaml.safe_load(WHOLE)
    jsonschema.validate(whole, schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(json.dumps(whole | {"notfy": {}})), schema())


def test_the_example_is_read_as_it_is_and_with_all_that_it_leaves_out() -> None:
    text = (ROOT / "examples/nightly.yaml").read_text()
    assert Path("/there/night.md") == read(text).markdown
    whole = re.sub(r"^( *)# (webhook|email|  \w|keep)", r"\1\2", text, flags=re.MULTILINE)
    said = read(whole)
    assert (90, 400, 400) == (said.keep_runs, said.keep_reports, said.keep_rows_days)
    assert (True, True) == (said.webhook is not None, said.email is not None)


def test_the_published_schema_is_this_one() -> None:
    assert schema() == json.loads((ROOT / "docs/nightly.schema.json").read_text(encoding="utf-8"))
