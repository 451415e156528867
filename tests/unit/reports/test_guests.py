"""What a report tells of the guests of a run: what they are, in what those that are compared differ, what is amiss."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from pvbench.model import BUILTIN_GUEST, DeviceKind, Trial
from pvbench.reports import comparison, html, json_page, markdown, table
from pvbench.reports.page import ComparisonPage, GuestFact, GuestsView
from pvbench.testing.guest_runs import ALPINE, DEBIAN, FACTS, guests_run
from pvbench.testing.runs import sample_run

NASTY = "</script><img src=x onerror=alert(1)>\x1b[31m\u202e"


def page_of(change: Callable[[Trial], Trial] = lambda trial: trial) -> ComparisonPage:
    run = guests_run(2, change)
    return comparison.build(run.manifest, run.trials)


def view_of(page: ComparisonPage) -> GuestsView:
    assert page.guests is not None
    return page.guests


def fact(view: GuestsView, name: str) -> GuestFact:
    return next(row for row in (*view.facts, *view.preflight) if row.fact == name)


def told(guest: str, **facts: str | None) -> Callable[[Trial], Trial]:
    """Return what has one guest say other facts, their names with _ for a space; None: not say it."""
    others = {name if " " in name else name.replace("_", " "): value for name, value in facts.items()}

    def change(trial: Trial) -> Trial:
        if trial.spec.cell.arm.guest != guest:
            return trial
        said = {**dict(trial.guest_facts), **others}
        return replace(trial, guest_facts=tuple((name, value) for name, value in said.items() if value is not None))

    return change


def between(page: ComparisonPage, guest: str, baseline: str = BUILTIN_GUEST) -> str:
    return next(line for line in view_of(page).differing if line.startswith(f"{guest} and {baseline} "))


def test_the_headline_calls_guests_by_their_names() -> None:
    assert page_of().headline.startswith(f"Guest {DEBIAN} is 1.11× slower than builtin in ")


def test_two_guests_that_are_compared_say_what_differs_between_them_beyond_the_kernel() -> None:
    said = between(page_of(), DEBIAN)

    assert said == (
        f"{DEBIAN} and builtin differ in kernel 6.12.48+deb13-amd64 / 6.1.0-40-amd64 and, beyond the kernel, in "
        "distribution Debian GNU/Linux 13 (trixie) / none, init systemd / init, clock source tsc / xen, "
        "security module AppArmor / none, "
        "command line nothing of its own / mitigations=off panic=1 ipv6.disable=1, "
        "fio 3.39 (its own) / 3.33 (pvbench's), mitigations on / off (spectre_v1, spectre_v2)."
    )


def test_each_comparison_of_guests_warns_with_the_tool_that_made_its_own_load() -> None:
    rows = [row for group in page_of().groups for row in group.rows if row.candidate.name.endswith(DEBIAN)]
    fio, netperf = (next(row for row in rows if row.kind == kind) for kind in (DeviceKind.BLOCK, DeviceKind.NET))

    assert "fio 3.39 (its own) / 3.33 (pvbench's)" in fio.guests
    assert "fio" not in netperf.guests
    assert fio.guests in fio.notes
    assert "clock source tsc / xen" in netperf.guests


def test_guests_of_one_kernel_differ_in_their_drivers_builds_where_those_do() -> None:
    builtin = dict(FACTS[BUILTIN_GUEST])
    same = {name.replace(" ", "_"): builtin[name] for name in ("kernel", "kernel build")}
    said = between(page_of(told(DEBIAN, **same)), DEBIAN)

    assert said.startswith(f"{DEBIAN} and builtin differ in driver xen-")
    assert "kernel build" not in said


def test_guests_that_say_the_same_differ_in_nothing_that_they_told() -> None:
    page = page_of(lambda trial: replace(trial, guest_facts=FACTS[DEBIAN], in_use=()))

    assert between(page, DEBIAN) == f"{DEBIAN} and builtin differ in nothing that they told of themselves."
    assert {row.guests for group in page.groups for row in group.rows} == {""}


@pytest.mark.parametrize(
    ("mitigation", "said"),
    [
        ("Mitigation: IBRS; IBPB: conditional", "mitigation of spectre_v2 Retpolines; STIBP: disabled; RSB"),
        ("Not affected", "mitigations on / not needed (spectre_v2)"),
        (
            "Unknown: Dependent on hypervisor status",
            "mitigations on / Unknown: Dependent on hypervisor status (spectre_v2)",
        ),
    ],
)
def test_what_a_kernel_does_against_a_weakness_is_told_by_what_differs(mitigation: str, said: str) -> None:
    assert said in between(page_of(told(BUILTIN_GUEST, **{"mitigation of spectre_v2": mitigation})), DEBIAN)


def test_a_guest_that_said_nothing_of_itself_is_not_measured_and_nothing_is_guessed() -> None:
    page = page_of(lambda trial: replace(trial, guest_facts=()) if trial.spec.cell.arm.guest == ALPINE else trial)

    assert (
        between(page, ALPINE) == f"{ALPINE} and builtin may differ in more than their images: not measured of {ALPINE}."
    )
    assert fact(view_of(page), "kernel").values[2] == "not measured"


def test_runs_of_before_guests_were_asked_have_no_such_part() -> None:
    run = sample_run(2)

    assert comparison.build(run.manifest, run.trials).guests is None


def test_the_builtin_guest_alone_stands_folded_behind_the_host_s_facts() -> None:
    run = sample_run(2).changed(lambda trial: replace(trial, guest_facts=FACTS[BUILTIN_GUEST]))
    page = comparison.build(run.manifest, run.trials)
    text = html.render(page)

    assert view_of(page).folded
    assert "<summary>What the guest said it is</summary>" in text
    assert '<h2 id="guests">' not in text
    assert "What the guests said" not in markdown.render(page)


def test_what_a_guest_did_not_say_is_told_apart_from_a_guest_that_was_not_asked() -> None:
    page = page_of(told(DEBIAN, clock_source=None))

    assert fact(view_of(page), "clock source").values == ("xen", "not told", "tsc")
    assert "clock source" not in between(page, DEBIAN)


def test_a_guest_that_is_not_the_same_in_all_its_boots_is_told() -> None:
    def upgraded(trial: Trial) -> Trial:
        return told(DEBIAN, kernel="6.12.57+deb13-amd64")(trial) if trial.spec.block == 1 else trial

    page = page_of(upgraded)

    assert view_of(page).changed == (
        f"{DEBIAN} was not the same in all its boots: kernel 6.12.48+deb13-amd64 in 2 boots, "
        "6.12.57+deb13-amd64 in 2 boots.",
    )
    assert "kernel 6.12.48+deb13-amd64 and 6.12.57+deb13-amd64 / 6.1.0-40-amd64" in between(page, DEBIAN)
    assert fact(view_of(page), "kernel").values[1] == "6.12.48+deb13-amd64; 6.12.57+deb13-amd64"
    assert view_of(page).changed[0] in html.render(page).replace("&#43;", "+")


def test_what_an_arm_changes_by_what_it_is_is_no_change_of_its_guest() -> None:
    def by_device(trial: Trial) -> Trial:
        return told(BUILTIN_GUEST, command_line=f"quiet for={trial.spec.cell.device}")(trial)

    assert view_of(page_of(by_device)).changed == ()


def test_a_change_of_the_guest_from_boot_to_boot_stands_beside_any_comparison() -> None:
    def other_boot(trial: Trial) -> Trial:
        return replace(trial, guest_facts=(("kernel", f"6.1.0-{40 + trial.spec.block}"),))

    run = sample_run(2).changed(other_boot)
    row = comparison.build(run.manifest, run.trials).groups[0].rows[0]

    assert row.guests == "the guest was not the same in all boots: kernel 6.1.0-40 and 6.1.0-41"
    assert row.guests in row.notes


def test_preflight_facts_are_judged_guest_by_guest() -> None:
    row = fact(view_of(page_of()), "spurious-interrupt fix")

    assert row.values == ("yes", "yes", "no")
    assert [bool(each) for each in row.amiss] == [False, False, True]
    assert row.amiss[2].startswith("netfront is interrupted for nothing: use Linux 6.17")
    assert "spurious-interrupt fix no / yes" in between(page_of(), ALPINE)
    assert "spurious-interrupt fix" not in between(page_of(), DEBIAN)


def test_a_guest_of_an_emulated_arm_is_not_blamed_for_the_pv_parts_that_it_does_not_need() -> None:
    def emulated(trial: Trial) -> Trial:
        spec = trial.spec
        arm = replace(spec.cell.arm, device={"blkfront": "ide", "netfront": "e1000"}[spec.cell.device])
        return replace(
            trial, spec=replace(spec, cell=replace(spec.cell, arm=arm)), in_use=(("platform device", "none"),)
        )

    assert view_of(page_of(emulated)).preflight == ()


def test_a_hostile_guest_s_words_are_text_everywhere_and_short_in_sentences() -> None:
    page = page_of(told(DEBIAN, distribution=NASTY * 20, **{"tool fio": NASTY, NASTY: NASTY, f"driver {NASTY}": NASTY}))
    written = html.render(page)

    assert "<img src=x" not in written
    assert "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;\\x1b[31m\\u202e" in written
    assert len(between(page, DEBIAN)) < 1500
    for text in (written, markdown.render(page), json_page.render(page), table.render(page, 100)):
        assert not {"\x1b", "\u202e"} & set(text)


def test_the_terminal_tells_once_what_differs_and_never_in_the_rows() -> None:
    page = page_of()
    text = " ".join(table.render(page, 100).split())

    assert text.count(f"{DEBIAN} and builtin differ in kernel") == 1


def test_markdown_tells_it_below_the_tables_with_all_facts_behind_it() -> None:
    text = markdown.render(page_of())

    assert text.count("and builtin differ in kernel") == 2
    assert "| clock source | xen | tsc | tsc |" in text
    assert "| spurious\\-interrupt fix | yes | yes | no \\(netfront is interrupted for nothing" in text


def test_guests_on_several_hosts_have_a_column_each() -> None:
    run = guests_run(2)
    other = replace(run.manifest.hosts[0], name="second")

    def moved(trial: Trial) -> Trial:
        if trial.spec.block == 0:
            return trial
        return replace(
            trial,
            spec=replace(trial.spec, cell=replace(trial.spec.cell, arm=replace(trial.spec.cell.arm, host="second"))),
        )

    page = page_of_hosts(run.changed(moved), (*run.manifest.hosts, other))

    assert view_of(page).names == tuple(f"{guest} on {host}" for host in ("lab", "second") for guest in FACTS)
    assert view_of(page).differing[0].startswith(f"On lab, {DEBIAN} and builtin differ in")


def page_of_hosts(run: object, hosts: tuple[object, ...]) -> ComparisonPage:
    manifest = replace(run.manifest, hosts=hosts, plan=tuple(trial.spec for trial in run.trials))  # type: ignore[attr-defined]
    return comparison.build(manifest, run.trials)  # type: ignore[attr-defined]


def values(view: GuestsView) -> Mapping[str, tuple[str, ...]]:
    return {row.fact: row.values for row in view.facts}


def test_mitigations_are_counted_and_those_that_a_processor_needs_have_a_line() -> None:
    told_of = values(view_of(page_of()))

    assert told_of["mitigations"] == ("2 off, 1 not needed", "2 on, 2 not needed", "2 on")
    assert "mitigation of spectre_v2" in told_of
    assert "mitigation of mds" not in told_of
