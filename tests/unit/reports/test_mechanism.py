"""What one I/O costs, as the report tells it. The made-up figures are round, so that every number is checked by hand.

ide: 2 passes of 2 s, 100 I/Os, 2500 round trips, 2600 port exits, 300 MSR, 100 HLT: 30 exits for one I/O.
"""

import functools
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvbench.model import CpuBill, Mechanism, Outcome, Payer, Reading, TrapCost, Trial
from pvbench.reports import comparison, html, stacked_bars, table
from pvbench.reports.mechanism import mechanism
from pvbench.reports.mechanism_page import DeviceCost, MechanismPage
from pvbench.reports.page import ComparisonPage
from pvbench.samples import gather
from pvbench.testing.runs import LOADS, SampleRun, fio, sample_run
from pvbench.views import trial_costs

IDE = Mechanism(
    2.0,
    50,
    (("exit: port I/O", 1300), ("device-model round trip", 1250), ("exit: MSR", 150), ("exit: HLT", 50)),
    (("port I/O", 1.6), ("HLT", 0.2)),
    0,
    1.25,
    3 << 20,
)
BLKFRONT = Mechanism(
    2.0,
    400,
    (("exit: hypercall", 800), ("event channel send", 400), ("interrupt injected", 400), ("exit: HLT", 400)),
    (("hypercall", 0.2), ("HLT", 0.6)),
    0,
    1.0,
)
TRAPS = (
    TrapCost("port read, device model", ((1_000_000, 90), (2_000_000, 10))),
    TrapCost("port read, hypervisor", ((100_000, 100),)),
    TrapCost("empty hypercall", ((100_000, 2000),)),
)
PAID = {
    "ide": {Payer.GUEST: 3.0, Payer.DEVICE_MODEL: 6.0, Payer.BACKEND: 1.0, Payer.HOST: 2.0, Payer.IDLE: 8.0},
    "blkfront": {Payer.GUEST: 9.0, Payer.BACKEND: 1.0, Payer.IDLE: 9.98},
}
READ = "Random read, 4 KiB, depth 1"


def measured(trial: Trial) -> Trial:
    """Give the random reads a trace, a bill and traps; blocks count from 0, the first two are traced."""
    cell, block = trial.spec.cell, trial.spec.block
    if dict(cell.workload.params).get("rw") != "randread":
        return trial
    paid = tuple((payer, PAID[cell.device].get(payer, 0.0)) for payer in Payer)
    rate = Reading("iops", {"ide": 31.25, "blkfront": 200.0}[cell.device])
    return replace(
        trial,
        readings=(rate, *(reading for reading in trial.readings if reading.metric != "iops")),
        bill=CpuBill(10.0, 2, paid, 1000, 1 << 20),
        mechanism={"ide": IDE, "blkfront": BLKFRONT}[cell.device] if block < 2 else None,
        traps=TRAPS if block < 2 else (),
        seconds=(*trial.seconds, ("tool", 10.0)),
    )


@pytest.fixture
def costly() -> Any:
    return sample_run(blocks=5).changed(measured)


def page_of(run: Any) -> ComparisonPage:
    return comparison.build(run.manifest, run.trials)


def costs_of(run: Any) -> MechanismPage:
    costs = page_of(run).mechanism
    assert costs is not None
    return costs


def devices(run: Any) -> dict[str, DeviceCost]:
    costs = costs_of(run)
    assert [READ] == [load.workload for load in costs.workloads]
    return {each.device: each for each in costs.workloads[0].devices}


def only(device: str, change: Callable[[Trial], Trial]) -> Callable[[Trial], Trial]:
    return lambda trial: change(trial) if trial.spec.cell.device == device else trial


def test_exits_are_for_one_io_and_by_reason_emulated_first(costly: Any) -> None:
    found = devices(costly)
    assert ["ide", "blkfront"] == list(found)
    trace = found["ide"].trace
    assert trace is not None
    assert ("30.0", "25.0", "none", "none", "none") == (
        trace.exits,
        trace.round_trips,
        trace.sends,
        trace.injected,
        trace.grants,
    )
    assert [("port I/O", "26.0"), ("MSR", "3.0"), ("HLT", "1.0")] == [(part.name, part.shown) for part in trace.reasons]
    assert ("2 passes: 100 I/Os in 4 s", "traced, it ran 1.25× slower", "Xen wrote 6 MiB of trace") == trace.basis
    other = found["blkfront"].trace
    assert other is not None
    assert ("3.0", "none", "1.0", "1.0") == (other.exits, other.round_trips, other.sends, other.injected)
    assert "traced, it ran no slower" in other.basis


def test_lost_records_make_every_count_a_lower_bound(costly: Any) -> None:
    run = costly.changed(only("ide", lambda t: replace(t, mechanism=replace(IDE, lost=7)) if t.mechanism else t))
    trace = devices(run)["ide"].trace
    assert trace is not None
    assert ("≥ 30.0", "≥ 25.0") == (trace.exits, trace.round_trips)
    assert "14 records lost: at least so many" in trace.basis
    assert "= at least 25 ms" in devices(run)["ide"].model
    assert "ide >=30.0 exits" in costs_of(run).lines[0]
    assert "at least 30 exits on ide" in costs_of(run).because


def test_a_device_without_a_trace_is_not_measured_and_not_zero(costly: Any) -> None:
    run = costly.changed(only("blkfront", lambda trial: replace(trial, mechanism=None)))
    found = devices(run)["blkfront"]
    assert (None, "") == (found.trace, found.model)
    assert "" == costs_of(run).because
    text = html.render(page_of(run))
    assert '<td colspan="7" class="quiet">not measured</td>' in text
    assert '<p class="aside">Exits: not measured.</p>' in text


def test_a_device_without_a_bill_is_not_measured(costly: Any) -> None:
    run = costly.changed(only("ide", lambda trial: replace(trial, bill=None)))
    assert devices(run)["ide"].bill is None
    assert "ide 30.0 exits, 25.0 device-model round trips an I/O" in costs_of(run).lines[0]
    assert '<td colspan="11" class="quiet">not measured</td>' in html.render(page_of(run))


def test_what_the_host_did_not_count_is_not_measured(costly: Any) -> None:
    def uncounted(trial: Trial) -> Trial:
        return replace(trial, bill=replace(trial.bill, ios=None, moved_bytes=None)) if trial.bill else trial

    bill = devices(costly.changed(uncounted))["ide"].bill
    assert bill is not None
    assert ("not measured", "not measured", ()) == (bill.per_gib, bill.per_million, bill.figure)
    assert html.render(page_of(costly.changed(uncounted)))


def test_the_bill_adds_up_and_is_split_by_payer(costly: Any) -> None:
    bill = devices(costly)["ide"].bill
    assert bill is not None
    # 12 CPU seconds for 1000 I/Os and 1 MiB, in each of five windows of 10 s on 2 CPUs.
    assert ("12,300 s", "12,000 s", "12 ms") == (bill.per_gib, bill.per_million, bill.per_io)
    assert ("75 %", "100.0 %") == (bill.host, bill.accounted)
    assert ["15 %", "30 %", "5.0 %", "0 %", "10 %", "0 %", "40 %"] == [part.shown for part in bill.shares]
    other = devices(costly)["blkfront"].bill
    assert other is not None
    assert "99.9 %" == other.accounted


def test_exits_times_cost_are_set_against_the_time_of_a_read(costly: Any) -> None:
    # 25 × 1 ms (1.1 ms on average) + 1 × 0.1 ms + 3 × 0.1 ms = 25.4 (27.9) ms of 1 ÷ 31.25 IOPS = 32 ms.
    assert devices(costly)["ide"].model == (
        "25.0 port accesses served by the device model × 1.0 ms + 400 µs of rarer ones = 25 ms "
        "of the 32 ms one read takes (79 %; 87 % at the mean cost of all rounds)."
    )


def test_a_model_that_explains_little_says_where_the_rest_goes(costly: Any) -> None:
    said = devices(costly)["blkfront"].model
    assert "2.0 hypercalls × 100 µs = 200 µs of the 5.0 ms one read takes (4 %)." in said
    assert "halted for 30 % of the time" in said
    assert "in the guest itself for 60 %" in said


def test_exits_that_took_longer_under_load_are_said_to(costly: Any) -> None:
    run = costly.changed(lambda trial: timed_at(trial, 200_000))
    said = devices(run)["ide"].model
    assert "(17 %)" in said
    assert "out of the guest for 80 % of the time, so there each took longer" in said


def test_a_faster_pass_under_the_trace_is_called_chance(costly: Any) -> None:
    run = costly.changed(only("ide", lambda t: replace(t, mechanism=replace(IDE, slowdown=0.8)) if t.mechanism else t))
    trace = devices(run)["ide"].trace
    assert trace is not None
    assert "traced, it ran 1.25× faster: chance, not the probe" in trace.basis


def test_a_model_above_the_whole_says_why(costly: Any) -> None:
    run = costly.changed(lambda trial: timed_at(trial, 1_400_000))
    assert "(111 %)" in devices(run)["ide"].model
    assert "operations timed one by one cost more" in devices(run)["ide"].model


def timed_at(trial: Trial, *ns: int) -> Trial:
    """Have a traced trial hold rounds in which the device model answered after so many ns."""
    rounds = (TrapCost("port read, device model", ((each, 100),)) for each in ns)
    return replace(trial, traps=(*rounds, *TRAPS[1:])) if trial.traps else trial


def test_a_burst_in_some_rounds_makes_no_cost(costly: Any) -> None:
    run = costly.changed(lambda trial: timed_at(trial, 1_000_000, 9_000_000, 12_000_000, 1_000_000, 8_000_000))
    assert devices(run)["ide"].model == (
        "25.0 port accesses served by the device model × 1.0 ms + 400 µs of rarer ones = 25 ms of the 32 ms one read "
        "takes (79 %; at the mean cost of all rounds far more than that: some were disturbed)."
    )
    (table,) = costs_of(run).traps
    assert ("10", "1.0 ms", "6.2 ms") == (table.rows[0].rounds, table.rows[0].charged, table.rows[0].mean)


def test_rounds_of_every_trial_of_the_traced_boot_count(costly: Any) -> None:
    run = costly.changed(lambda trial: timed_at(trial, 800_000 if trial.spec.cell.device == "ide" else 1_200_000))
    # Two rounds in each of the two traced boots: from four on, the lower quartile.
    assert "× 800 µs" in devices(run)["ide"].model


def test_operations_timed_under_disturbance_explain_nothing(costly: Any) -> None:
    run = costly.changed(lambda trial: timed_at(trial, *[4_000_000] * 5))
    assert devices(run)["ide"].model == (
        "explains nothing: it comes to far more than the 32 ms one read takes, so the operations were timed under "
        "disturbance."
    )
    assert "Exits × cost</strong> explains nothing" in html.render(page_of(run))


def test_a_trace_that_tells_of_more_time_than_it_lasted_is_called_inconsistent(costly: Any) -> None:
    impossible = replace(IDE, away=(("port I/O", 1.9), ("HLT", 1.5)))
    run = costly.changed(only("ide", lambda t: replace(t, mechanism=impossible) if t.mechanism else t))
    found = devices(run)["ide"]
    assert found.trace is not None
    assert found.trace.away.endswith("add up to more time than it lasted: inconsistent, so no share is told.")
    assert found.limit == "nothing named: the evidence is inconsistent, it tells of more time than there was"


def test_two_vcpus_can_be_out_of_the_guest_at_once(costly: Any) -> None:
    both = replace(IDE, away=(("port I/O", 2.4), ("HLT", 0.8)))
    run = costly.changed(only("ide", lambda t: replace(t, mechanism=both) if t.mechanism else t))
    run = replace(run, manifest=replace(run.manifest, vcpus=2))
    found = devices(run)["ide"]
    assert found.trace is not None
    assert "out of the guest for 80 % of the time: port I/O 60 %" in found.trace.away
    assert "device path: the 2 vCPUs were out of the guest for 60 % of the time" in found.limit


def test_a_bill_that_tells_of_more_time_than_there_was_is_called_inconsistent(costly: Any) -> None:
    paid = tuple((payer, 21.4 if payer is Payer.GUEST else 0.0) for payer in Payer)

    def overdrawn(trial: Trial) -> Trial:
        return replace(trial, bill=replace(trial.bill, paid=paid)) if trial.bill else trial

    found = devices(costly.changed(overdrawn))["blkfront"]
    assert found.bill is not None
    assert ("inconsistent", "inconsistent") == (found.bill.accounted, found.bill.shares[0].shown)
    assert ("inconsistent", "inconsistent", ()) == (found.bill.per_gib, found.bill.per_million, found.bill.figure)
    assert "inconsistent" in found.limit


def test_clocks_read_one_after_another_make_no_share_above_the_whole(costly: Any) -> None:
    paid = tuple((payer, 20.2 if payer is Payer.IDLE else 0.0) for payer in Payer)
    run = costly.changed(lambda t: replace(t, bill=replace(t.bill, paid=paid)) if t.bill else t)
    bill = devices(run)["ide"].bill
    assert bill is not None
    assert ("100.0 %", "100 %") == (bill.accounted, bill.shares[-1].shown)


TIMES = st.floats(0, 1e3)
COUNTS = st.integers(0, 10**6)
NAMED = st.sampled_from(["port I/O", "MMIO", "hypercall", "HLT", "MSR", "nested page fault"])
MADE = st.builds(
    Mechanism,
    st.floats(0.01, 10),
    st.floats(0, 1e5),
    st.lists(
        st.tuples(st.one_of(NAMED.map("exit: {}".format), st.just("device-model round trip")), COUNTS),
        max_size=5,
        unique_by=lambda pair: pair[0],
    ).map(tuple),
    st.lists(st.tuples(NAMED, TIMES), max_size=4, unique_by=lambda pair: pair[0]).map(tuple),
    st.integers(0, 3),
    st.one_of(st.none(), st.floats(0.001, 1e3)),
)
BILLS = st.builds(
    CpuBill,
    st.floats(0.01, 100),
    st.integers(1, 8),
    st.tuples(*(st.floats(-1, 200) for _ in Payer)).map(lambda each: tuple(zip(Payer, each, strict=True))),
    st.one_of(st.none(), COUNTS),
    st.one_of(st.none(), COUNTS),
)
ROUNDS = st.lists(
    st.builds(
        TrapCost,
        st.sampled_from([trap.name for trap in TRAPS]),
        st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 1000)), max_size=4).map(sorted).map(tuple),
    ),
    max_size=12,
).map(tuple)


@functools.cache
def small() -> SampleRun:
    """The random reads alone, of three blocks."""
    reads = [load for load in LOADS if dict(load.workload.params).get("rw") == "randread"]
    return sample_run(blocks=3, workloads=reads).changed(measured)


@pytest.mark.thorough
@settings(max_examples=300, deadline=None)
@given(
    traces=st.lists(MADE, min_size=1, max_size=3),
    bills=st.lists(BILLS, min_size=1, max_size=3),
    rounds=ROUNDS,
    rate=st.floats(1e-3, 1e7),
    tool_s=st.floats(0, 100),
    vcpus=st.integers(1, 8),
)
def test_nothing_is_explained_by_more_than_the_clock_allows(
    traces: list[Mechanism], bills: list[CpuBill], rounds: Any, rate: float, tool_s: float, vcpus: int
) -> None:
    def drawn(trial: Trial) -> Trial:
        number = trial.spec.block + trial.spec.position
        return replace(
            trial,
            mechanism=traces[number % len(traces)] if trial.mechanism else None,
            bill=bills[number % len(bills)] if trial.bill else None,
            traps=rounds if trial.traps else (),
            readings=tuple(replace(each, value=rate) if each.metric == "iops" else each for each in trial.readings),
            seconds=(("tool", tool_s),),
        )

    run = small().changed(drawn)
    costs = mechanism([(cell,) for cell in gather(run.manifest, run.trials)], (), "", vcpus)
    assert costs is not None
    for each in (device for load in costs.workloads for device in load.devices):
        shares = [each.limit, each.trace.away if each.trace else ""]
        if each.bill:
            shares += [each.bill.accounted, each.bill.host, *(part.shown for part in each.bill.shares)]
        assert max(percents(*shares), default=0) <= 100
        assert max(percents(each.model), default=0) <= 120
    for trial in run.trials:
        told = "\n".join(trial_costs.lines(trial))
        assert max(percents(told), default=0) <= 100


def percents(*texts: str) -> list[float]:
    return [float(number.replace(",", "")) for text in texts for number in re.findall(r"([\d,.]+) ?%", text)]


def test_operations_that_were_not_timed_are_named(costly: Any) -> None:
    run = costly.changed(lambda trial: replace(trial, traps=TRAPS[1:]) if trial.traps else trial)
    said = devices(run)["ide"].model
    assert "Not timed, so not counted: port accesses served by the device model." in said


def test_requests_that_a_device_splits_are_not_modelled(costly: Any) -> None:
    def large(trial: Trial) -> Trial:
        cell = trial.spec.cell
        params = tuple((name, 262144 if name == "bs" else value) for name, value in cell.workload.params)
        workload = replace(cell.workload, params=params)
        return replace(trial, spec=replace(trial.spec, cell=replace(cell, workload=workload)))

    run = costly.changed(lambda trial: large(trial) if trial.mechanism else trial)
    found = [each for load in costs_of(run).workloads for each in load.devices if each.trace]
    assert ["", ""] == [each.model for each in found]
    # Whose trace says what Xen wrote counted both rates alike.
    assert ["traced, it ran 1.25× slower", "slowdown not measured"] == [
        each.trace.basis[1] for each in found if each.trace
    ]


def test_every_device_is_told_what_limited_it(costly: Any) -> None:
    found = devices(costly)
    assert "device path: the vCPU was out of the guest for 80 % of the time, handling its exits" == found["ide"].limit
    assert "guest CPU: the guest's vCPU ran for 90 % of the time" == found["blkfront"].limit
    quiet = costly.changed(lambda trial: replace(trial, mechanism=None, seconds=()))
    assert devices(quiet)["ide"].limit.startswith("nothing named")


def test_the_top_of_the_page_says_because_where_exits_are_what_limits(costly: Any) -> None:
    said = "faster, because one read costs about 30 exits on ide and about 3 on blkfront."
    assert said in page_of(costly).standfirst
    free = costly.changed(only("ide", lambda t: replace(t, mechanism=replace(IDE, away=())) if t.mechanism else t))
    assert "faster, and one read costs about 30 exits" in page_of(free).standfirst


def test_a_trial_that_took_another_path_tells_nothing(costly: Any) -> None:
    def invalid(trial: Trial) -> Trial:
        return replace(trial, outcome=Outcome.INVALID, reason="wrong path", readings=(), latency_bins=())

    run = costly.changed(only("ide", lambda trial: invalid(trial) if trial.mechanism else trial))
    assert devices(run)["ide"].trace is None


def test_operations_are_timed_once_a_boot_whatever_number_of_trials_hold_them(costly: Any) -> None:
    (timed,) = costs_of(costly).traps
    rows = {row.operation: row for row in timed.rows}
    # Two boots, whose two trials each hold the same histogram.
    row = rows["port read, device model"]
    assert ("200", "1.0 ms", "1.1 ms", "1.0 ms", "–") == (row.samples, row.median, row.mean, row.p90, row.p99)
    assert ("4,000", "100 µs") == (rows["empty hypercall"].samples, rows["empty hypercall"].p99)


def test_a_run_without_any_of_it_has_no_such_section(run: Any) -> None:
    assert page_of(run).mechanism is None
    assert "What one I/O costs" not in html.render(page_of(run))


def test_figures_speak_are_well_formed_and_do_not_change(costly: Any) -> None:
    costs = costs_of(costly)

    def drawn() -> list[str]:
        return [
            stacked_bars.exits(costs),
            stacked_bars.bills(costs),
            stacked_bars.traps(costs.traps[0], 0, costs.traps_caption),
        ]

    figures = drawn()
    assert figures == drawn()
    for figure in figures:
        root = ElementTree.fromstring(figure)
        assert [] != root.findall("{*}title")
        assert float(root.attrib["viewBox"].split()[2]) <= 420
        assert not re.findall(r"#(?:d55e0|0072b|009e7|cc79a|e69f0)\w(?!\))", figure)
    assert "ide: 30.0 exits per I/O, port I/O 26.0, MSR 3.0, HLT 1.0" in figures[0]


def test_every_figure_and_table_of_it_is_labelled(costly: Any) -> None:
    costs = asdict(costs_of(costly))
    captions = [text for name, text in costs.items() if name.endswith(("_caption", "_note"))]
    assert 7 == len(captions)
    assert all("software emulation" in text for text in captions)
    text = html.render(page_of(costly))
    for caption in re.findall(r"<(?:caption|figcaption)>(.*?)</(?:caption|figcaption)>", text, flags=re.DOTALL):
        assert "software emulation" in caption


def test_many_workloads_are_folded_and_figures_say_what_they_leave_out() -> None:
    reads = [replace(LOADS[0], workload=fio("randread", 512 * n)) for n in range(1, 13)]
    run = sample_run(blocks=2, workloads=reads).changed(measured)
    text = html.render(page_of(run))
    assert "<summary>6 more workloads</summary>" in text
    assert "4 more in the table" in text
    assert 24 == text.count("Exits × cost</strong>")


def test_text_from_outside_is_escaped_in_this_section_too(costly: Any) -> None:
    nasty = "<script>alert(1)</script>\u202e\x1b"

    def poisoned(trial: Trial) -> Trial:
        made = trial.mechanism
        return replace(
            trial,
            mechanism=made
            and replace(made, counts=(*made.counts, (f"exit: {nasty}", 500)), away=(*made.away, (nasty, 0.1))),
            traps=tuple(replace(trap, name=trap.name + nasty) for trap in trial.traps),
        )

    run = costly.changed(poisoned)
    page = page_of(run)
    for text in (html.render(page), table.render(page, 100)):
        assert text.count("<script>") == text.count("<html")
        assert not set("\u202e\x1b") & set(text)


def test_the_terminal_gets_a_line_a_workload(costly: Any) -> None:
    said = (
        f"{READ}: ide 30.0 exits, 25.0 device-model round trips, 12 ms CPU an I/O; blkfront 3.0 exits, 10 ms CPU an I/O"
    )
    page = page_of(costly)
    assert page.mechanism is not None
    assert (said,) == page.mechanism.lines
    for width in (60, 80, 200):
        text = table.render(page, width)
        assert said in " ".join(text.split())
        assert max(map(len, text.splitlines())) <= width
    assert table.render(page, 100, unicode=False).isascii()


def test_a_title_that_leaves_its_unit_no_room_has_it_below(costly: Any) -> None:
    costs = costs_of(costly)
    long = replace(costs, workloads=tuple(replace(each, where=", guest debian-13.qcow2") for each in costs.workloads))
    more = replace(costs, workloads=tuple(replace(each, where="") for each in costs.workloads))

    def height(figure: str) -> float:
        return float(ElementTree.fromstring(figure).attrib["viewBox"].split()[3])

    assert height(stacked_bars.bills(long)) == height(stacked_bars.bills(more)) + 15 * len(costs.workloads)
