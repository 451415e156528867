"""What a report that is handed on tells of guests of one's own: no image's name, and none of its kernel's secrets."""

from dataclasses import replace

import pytest

from pvbench.redaction import redact
from pvbench.redaction.images import folders_of, tells_of_nobody
from pvbench.reports import comparison, html
from pvbench.store.record import Record
from pvbench.testing.guest_runs import ALPINE, DEBIAN, FACTS, guests_run

OURS = "zorgcorp-payroll7.qcow2"
SECRETS = ("hunter2xyz", "8f1d2c3b-0a1b-4c5d-8e9f-0123456789ab", "k7.zorgcorp.example")


@pytest.mark.parametrize(
    ("name", "public"),
    [
        (DEBIAN, True),
        (ALPINE, True),
        ("noble-server-cloudimg-amd64.img", True),
        ("Fedora-Cloud-Base-Generic-43-1.6.x86_64.qcow2", True),
        ("generic_alpine-3.22.0-x86_64-bios-cloudinit-r0.qcow2", True),
        ("builtin", True),
        (OURS, False),
        ("debian-12-zorgcorp.qcow2", False),
        ("überseebank.raw", False),
    ],
)
def test_a_published_name_tells_of_nobody_and_another_may(name: str, public: bool) -> None:
    assert tells_of_nobody(name) is public


def test_the_folder_of_an_image_is_found_as_the_matrix_spells_it() -> None:
    matrix = f"guest:\n  image: [builtin, /srv/zorg/vms/{OURS}, '~/vm/{OURS}', vms/{OURS}, ./{OURS}]\n"

    assert list(folders_of(OURS, matrix)) == ["/srv/zorg/vms", "~/vm"]


def test_no_image_of_one_s_own_and_no_secret_of_its_kernel_is_left() -> None:
    line = f"quiet luks.pin={SECRETS[0]} root=UUID={SECRETS[1]} console=ttyS0 logserver={SECRETS[2]}"
    own = (*FACTS[DEBIAN][:7], ("command line", line), ("distribution", f"Hardened build of {SECRETS[2]}"))
    run = guests_run(2)

    def renamed(guest: str) -> str:
        return OURS if guest == DEBIAN else guest

    def spec_of(spec):
        return replace(spec, cell=replace(spec.cell, arm=replace(spec.cell.arm, guest=renamed(spec.cell.arm.guest))))

    trials = tuple(
        replace(
            trial,
            spec=spec_of(trial.spec),
            guest_facts=own if trial.spec.cell.arm.guest == DEBIAN else trial.guest_facts,
        )
        for trial in run.trials
    )
    manifest = replace(
        run.manifest,
        plan=tuple(map(spec_of, run.manifest.plan)),
        guest=(("name", "builtin"), (f"image {OURS}", "a94c")),
        matrix_text=f"guest: {{image: [builtin, /srv/zorg/vms/{OURS}]}}\n",
    )
    (safe,), redaction = redact([Record(manifest, trials)])
    page = html.render(comparison.build(safe.manifest, safe.trials))
    redaction.check(page)

    assert [each for each in ("zorg", "payroll", *SECRETS) if each in page] == []
    assert "image-1 and builtin differ in kernel" in page
    assert "name of a guest's image" in redaction.sentence()
    assert ALPINE in page
