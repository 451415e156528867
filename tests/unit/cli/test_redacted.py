"""Identifiers planted wherever a run keeps text, and looked for in every format of its report."""

import base64
import html
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from pvbench.model import CommandRecord, Flag, FlagKind, HostFacts, Outcome, Trial, Witness
from pvbench.testing.runs import LAB, LOADS, SampleRun, failed, sample_run

FORMATS = ("html", "json", "md", "csv")
PLANTED = {
    "host": "zeus-prod7",
    "host in capitals": "ATHENA",
    "domain": "db01.fra.megacorp.example",
    "domain of a country": "intern.firma.de",
    "IPv4": "10.47.113.9",
    "IPv6": "2001:db8:85a3::8a2e:370:7334",
    "link-local": "fe80::3eec:efff:fe01:2345",
    "MAC": "3c:ec:ef:01:23:45",
    "MAC with dashes": "3C-EC-EF-99-88-77",
    "MAC of Cisco": "3cec.ef55.4433",
    "serial of a machine": "7XK4Q13",
    "serial of a disk": "S3Z8NB0K123456X",
    "UUID": "4c4c4544-0058-4b10-8034-b7c04f513133",
    "WWN": "0x5000c500a1b2c3d4",
    "machine id": "b08dfa6083e7567a1921a715000001fb",
    "user": "jdoe",
    "another user": "m.musterfrau",
    "e-mail": "erika.m@megacorp.example",
    "boot password": "hunter2!x",
    "token": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "parameter": "XK-4431-acme",
    "fingerprint": "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDwX8BGuJ2mYdzPTrM",
    "old fingerprint": "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48",
    "public key": "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
    "folder": "geheimprojekt",
    "target": "iqn.2004-10.com.ubuntu:01:d1be2f3a4b",
    "encoded": base64.b64encode(b"ssh root@vault9 as jdoe").decode(),
}


def planted_run() -> SampleRun:
    """Return a run with the identifiers in its host, facts, commands, reasons, flags, stack and matrix."""
    p = PLANTED
    lab = replace(
        LAB,
        name=p["host"],
        machine=f"Dell Inc. PowerEdge R640, service tag {p['serial of a machine']}",
        details=(
            (
                "dom0 command line",
                f"root=UUID={p['UUID']} ro password={p['boot password']} corp.asset={p['parameter']}",
            ),
            ("xen command line", "dom0_mem=1536M,max:1536M console=com1 com1=115200"),
            ("disk", f"Samsung SSD 860 {p['serial of a disk']}"),
            ("wwn", p["WWN"]),
            ("machine id", p["machine id"]),
            ("hostname", p["host in capitals"]),
            ("host key", p["public key"]),
            ("measured by", p["another user"]),
            ("resolver", f"search {p['domain of a country']}"),
        ),
    )
    return at_host(sample_run(workloads=LOADS[:3]), lab).changed(_planted)


def at_host(run: SampleRun, host: HostFacts) -> SampleRun:
    """Return a run as if it had been made on a host of this name: in plan, boots and trials."""

    def moved(trial: Trial) -> Trial:
        spec = trial.spec
        cell = replace(spec.cell, arm=replace(spec.cell.arm, host=host.name))
        return replace(trial, spec=replace(spec, cell=cell, boot=f"b{spec.block:02d}-{host.name}"))

    found = run.changed(moved)
    command = ("pvbench", "run", f"/home/{PLANTED['user']}/{PLANTED['folder']}/{host.name}.yaml")
    p = PLANTED
    manifest = replace(
        run.manifest,
        run_id=f"20261122T234510Z-{host.name}-disk-312c",
        command=command,
        hosts=(host,),
        plan=tuple(trial.spec for trial in found.trials),
        matrix_name=f"{host.name}.yaml",
        matrix_text=run.manifest.matrix_text.replace("[lab]", f"[{host.name}]  # ask {p['e-mail']}, {p['IPv6']}"),
        stack=(("source", f"git@{p['domain']}:team/driver.git"), ("target", p["target"])),
        setups=((host.name, (("bridge", f"br-{p['MAC of Cisco']}"), ("scratch", "/var/tmp/pvbench"))),),
    )
    return SampleRun(manifest, found.trials)


def _planted(trial: Trial) -> Trial:
    p = PLANTED
    if trial.spec.position == 1:
        return failed(trial, Outcome.NOT_MEASURED, f"{p['user']}@{p['IPv4']}: no answer from vault9 {p['fingerprint']}")
    secret = f"--header=Authorization: Bearer {p['token']}"
    return replace(
        trial,
        witnesses=(
            Witness("guest", "vif", 5, 5, None, (("mac", p["MAC"]), ("log", p["encoded"]), ("peer", p["link-local"]))),
        ),
        commands=(
            CommandRecord("host", ("qemu", "-device", f"e1000,mac={p['MAC with dashes']}", secret), 0, 1.0),
            CommandRecord("host", ("ssh", "-i", f"/home/{p['user']}/.ssh/id", f"{p['user']}@{p['domain']}"), 0, 1.0),
        ),
        flags=(Flag(FlagKind.FOREIGN_LOAD, f"{p['old fingerprint']} seen on {p['host']}vg0, xvda@{p['IPv4']}"),),
    )


@pytest.fixture
def results(tmp_path: Path) -> Path:
    planted_run().stored(tmp_path / "planted")
    return tmp_path / "planted"


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_that_was_planted_is_in_a_redacted_report(call: Any, results: Path, form: str) -> None:
    said = call("report", "last", "--redact", "--format", form, "--results", results)

    assert said.code == 0, said.err
    (written,) = Path().glob(f"*.{form}")
    text = f"{written.name}\n{said.out}\n{said.err}\n{written.read_text()}"
    views = (text, html.unescape(text), text.replace("\\", ""), unquote(text))
    assert {name for name, each in PLANTED.items() for view in views if each.casefold() in view.casefold()} == set()
    assert "vault9" not in text


def test_without_redact_a_report_shows_all_that_was_planted(call: Any, results: Path) -> None:
    """So that the test above looks for what there is to be found."""
    call("report", "last", "-o", "out.html", "--results", results)

    text = html.unescape(Path("out.html").read_text())
    assert {name for name, each in PLANTED.items() if each not in text} <= {"MAC of Cisco"}  # a bridge is not shown
