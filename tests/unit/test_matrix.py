"""matrix.yaml: what it may say, what it means, and what is told where it is wrong."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pvbench import matrix
from pvbench.drivers import DRIVERS
from pvbench.errors import MatrixError
from pvbench.matrix.modes import left_out
from pvbench.model import Contrast, DeviceKind, GuestMode, Order, Placement, Workload
from pvbench.workloads import WORKLOADS
from pvbench.yaml_schema import decode

ROOT = Path(__file__).parents[2]
BROKEN = sorted((ROOT / "tests/golden/broken/matrix").glob("*.yaml"))
NAMES = (
    *("quickstart", "starter", "posting", "block-sweep", "net-sweep", "mechanism", "pilot", "tunables", "modes"),
    "driver-ab",
)
EXAMPLES = [ROOT / "examples" / f"{name}.yaml" for name in NAMES]
EXPECT = re.compile(rb"# expect (\d+:\d+) (structural|semantic|syntax|bytes): (.*)\n")

BLOCK = """\
schema: 1
hosts: [lab]
devices: {block: [ide, blkfront]}
placement: isolated
workloads:
"""
NET = BLOCK.replace("block: [ide, blkfront]", "net: [e1000, netfront]")


def load(text: str) -> matrix.Matrix:
    return matrix.load(text, name="m.yaml")


def workloads(head: str, *entries: str) -> list[dict[str, Any]]:
    return [dict(found.params) for found in load(head + "".join(f"  - {entry}\n" for entry in entries)).workloads]


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_matrix_gives_one_located_line(path: Path) -> None:
    data = path.read_bytes()
    expected = EXPECT.match(data)
    assert expected is not None, "the first line says what is expected"
    place, kind, words = (group.decode() for group in expected.groups())
    with pytest.raises(MatrixError) as caught:
        matrix.load(decode(data, path.name, MatrixError), name=path.name)
    assert f"{path.name}:{place}: {words}" == str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    if kind in ("structural", "semantic"):
        valid = jsonschema.Draft202012Validator(matrix.schema()).is_valid(yaml.safe_load(data))
        assert valid == (kind == "semantic"), "the loader and the JSON Schema disagree"


def test_there_are_enough_broken_matrices() -> None:
    assert len(BROKEN) >= 25


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_valid_for_the_loader_and_for_the_schema(path: Path) -> None:
    matrix.load(path.read_text(encoding="utf-8"), name=path.name, folder=path.parent)
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), matrix.schema())


def test_every_matrix_of_the_examples_is_checked() -> None:
    shipped = {
        path for path in (ROOT / "examples").glob("*.yaml") if not path.name.startswith(("hosts", "nightly", "stacks"))
    }
    assert shipped == set(EXAMPLES)


def test_the_posting_compares_every_device_at_once_in_five_blocks() -> None:
    found = load(EXAMPLES[2].read_text(encoding="utf-8"))
    assert set(DRIVERS) == {name for names in found.devices.values() for name in names}
    assert (Placement.COEXIST, 5) == (found.placement, found.run.blocks)


def test_the_optional_lines_of_the_starter_are_valid_too() -> None:
    text = EXAMPLES[1].read_text(encoding="utf-8")
    text = re.sub(r"^( *)# (- \w|ioengine:|settle:|tunables:|guest:|scratch:)", r"\1\2", text, flags=re.MULTILINE)
    assert "\nguest: " in text
    assert 12 == len(load(text).workloads)


def test_the_schema_is_closed_described_and_names_every_driver() -> None:
    schema = matrix.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    devices = schema["properties"]["devices"]["properties"]
    for kind in DeviceKind:
        assert [n for n, d in DRIVERS.items() if d.kind is kind] == devices[kind]["items"]["enum"]

    def walk(node: dict[str, Any]) -> None:
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
        for child in node.get("properties", {}).values():
            walk(child)

    walk(schema)
    assert all(field.get("description") for field in schema["properties"].values())


def test_the_schema_in_docs_is_the_one_that_is_printed() -> None:
    assert matrix.schema() == json.loads((ROOT / "docs/matrix.schema.json").read_text(encoding="utf-8"))


def test_every_workload_says_how_long_it_is_measured_and_how_long_it_warms_up() -> None:
    assert all({"runtime", "warmup"} <= tool.grammar.shape.fields.keys() for tool in WORKLOADS.values())


def test_the_quickstart_says_what_the_issue_asks_for() -> None:
    found = load(EXAMPLES[0].read_text(encoding="utf-8"))
    assert ("lab",) == found.hosts
    assert {DeviceKind.NET: ("rtl8139", "netfront"), DeviceKind.BLOCK: ("ide", "blkfront")} == dict(found.devices)
    assert (Contrast("device", ((DeviceKind.NET, "rtl8139"), (DeviceKind.BLOCK, "ide"))),) == found.contrasts
    assert Placement.COEXIST is found.placement
    assert (5, Order.RANDOM, 1) == (found.run.blocks, found.run.order, found.run.seed)
    assert matrix.GuestSettings((None,), 256 * 2**20, 1) == found.guest
    assert 64 * 2**20 == found.scratch_bytes
    assert 10 == len(matrix.expand(found))


def test_parameters_are_in_base_units_with_their_defaults() -> None:
    assert [
        {
            "bs": 4096,
            "direct": True,
            "iodepth": 1,
            "ioengine": "psync",
            "numjobs": 1,
            "runtime": 0.5,
            "rw": "read",
            "warmup": 2,
        }
    ] == workloads(BLOCK, "fio: {rw: read, bs: 4KiB, runtime: 500ms}")
    assert [
        {
            "direction": "up",
            "parallel": 1,
            "protocol": "udp",
            "rate": 10_000_000,
            "length": 1400,
            "runtime": 10,
            "warmup": 2,
        }
    ] == workloads(NET, "iperf3: {direction: up, protocol: udp, rate: 10Mbit/s, length: 1400B}")
    assert [
        {"test": "TCP_RR", "request": 64, "response": 1, "runtime": 10, "warmup": 2},
        {"test": "TCP_MAERTS", "send": 16384, "runtime": 10, "warmup": 2},
    ] == workloads(NET, "netperf: {test: TCP_RR, request: 64B}", "netperf: {test: TCP_MAERTS, send: 16KiB}")


def test_the_ioengine_depends_on_the_depth_unless_it_is_told() -> None:
    found = workloads(BLOCK, "fio: {rw: read, bs: 4KiB, iodepth: [1, 8]}", "fio: {rw: read, bs: 4KiB, ioengine: sync}")
    assert [(1, "psync"), (8, "libaio"), (1, "sync")] == [(one["iodepth"], one["ioengine"]) for one in found]


def test_lists_are_swept_and_parameters_that_do_not_apply_are_left_out() -> None:
    found = workloads(BLOCK, "fio: {rw: [read, randrw], bs: [4KiB, 1MiB], rwmixread: [30, 70]}")
    assert [
        ("read", 4096, None),
        ("read", 1048576, None),
        ("randrw", 4096, 30),
        ("randrw", 4096, 70),
        ("randrw", 1048576, 30),
        ("randrw", 1048576, 70),
    ] == [(one["rw"], one["bs"], one.get("rwmixread")) for one in found]


def test_whether_the_page_cache_counts_is_asked_of_buffered_io_alone() -> None:
    found = workloads(BLOCK, "fio: {rw: read, bs: 4KiB, direct: [true, false], page_cache_counts: true}")
    assert [(True, None), (False, True)] == [(one["direct"], one.get("page_cache_counts")) for one in found]
    left_out = workloads(BLOCK, "fio: {rw: read, bs: 4KiB, direct: false}")
    assert left_out == workloads(BLOCK, "fio: {rw: read, bs: 4KiB, direct: false, page_cache_counts: false}")


def test_the_rate_of_a_sweep_over_protocols_is_that_of_udp() -> None:
    found = workloads(NET, "iperf3: {direction: up, protocol: [tcp, udp], rate: 1Mbit/s}")
    assert [("tcp", None), ("udp", 1_000_000)] == [(one["protocol"], one.get("rate")) for one in found]


def test_a_measurement_without_comparison_may_have_one_device_and_any_placement() -> None:
    one = "schema: 1\nhosts: [a, b]\ndevices: {block: [ide]}\nplacement: %s\nworkloads: [{fio: {rw: read, bs: 1MiB}}]\n"
    for placement in Placement:
        found = load(one % placement)
        assert () == found.contrasts
        assert ["a", "b"] == [cell.host for cell in matrix.expand(found)]


def test_isolated_may_compare_emulated_devices_with_each_other() -> None:
    head = NET.replace("[e1000, netfront]", "[e1000, rtl8139]")
    found = load(head + "  - netperf: {test: TCP_RR}\ncompare: {baseline: {net: rtl8139}}\n")
    assert ["rtl8139", None] == [found.contrasts[0].against(kind) for kind in (DeviceKind.NET, DeviceKind.BLOCK)]


def test_the_digest_is_of_what_is_said_not_of_how() -> None:
    text = BLOCK + "  - fio: {rw: read, bs: 4KiB}\n"
    assert load(text).digest == load(f"# a comment\n{text}run: {{blocks: 3}}\n").digest
    assert load(text).digest == load(text.replace("4KiB", "4096B")).digest
    assert load(text).digest != load(text.replace("4KiB", "8KiB")).digest
    assert load(text).digest != load(f"{text}run: {{seed: 2}}\n").digest
    assert load(text).text == text


def test_cells_are_the_devices_of_each_workloads_kind() -> None:
    found = load(EXAMPLES[0].read_text(encoding="utf-8"))
    cells = matrix.expand(found)
    assert len({cell.id for cell in cells}) == len(cells)
    assert all(matrix.kind_of(cell.workload) is cell.kind is DRIVERS[cell.device].kind for cell in cells)
    assert DeviceKind.NET is matrix.kind_of(Workload("netperf", ()))


FIO = "  - fio: {rw: read, bs: 4KiB}\n"


def test_times_of_the_run_are_those_of_workloads_that_do_not_say_their_own() -> None:
    head = NET.replace("net: [", "block: [ide, blkfront], net: [")
    entries = "  - fio: {rw: read, bs: 4KiB, warmup: 500ms}\n  - netperf: {test: TCP_RR}\n"
    found = load(f"{head}{entries}run: {{runtime: 1m, warmup: 5s}}\n").workloads
    assert [(60, 0.5), (60, 5)] == [(one["runtime"], one["warmup"]) for one in found]


def test_the_placement_may_stand_in_the_run_and_may_be_said_twice() -> None:
    within = BLOCK.replace("placement: isolated\n", "") + FIO + "run: {placement: isolated}\n"
    twice = BLOCK + FIO + "run: {placement: isolated}\n"
    assert load(within).digest == load(twice).digest == load(BLOCK + FIO).digest


def test_from_five_blocks_on_a_fifth_of_them_has_twins_unless_told_otherwise() -> None:
    shares = {
        run: load(f"{BLOCK}{FIO}run: {{{run}}}\n").run.twins
        for run in ("blocks: 4", "blocks: 5", "blocks: 5, twins: 0", "blocks: 4, twins: 0.5")
    }
    assert [0, 0.2, 0, 0.5] == list(shares.values())


def test_the_margin_is_five_percent_unless_told() -> None:
    compared = BLOCK + FIO + "compare: {baseline: {block: ide}%s}\n"
    assert [0.05, 0.1] == [load(compared % text).contrasts[0].margin for text in ("", ", margin: 10%")]


def test_comparisons_are_one_or_a_list_each_along_a_factor_and_the_device_if_none_is_said() -> None:
    head = BLOCK + FIO + "tunables: {persistent_grants: [true, false], ring_pages: [1, 8]}\n"
    device = Contrast("device", ((DeviceKind.BLOCK, "ide"),))
    grants, pages = Contrast("persistent_grants", True), Contrast("ring_pages", 8, 0.1)
    for text, expected in (
        ("{baseline: {block: ide}}", (device,)),
        ("{factor: device, baseline: {block: ide}}", (device,)),
        ("[{baseline: {block: ide}}]", (device,)),
        ("{factor: persistent_grants, baseline: true}", (grants,)),
        ("[{factor: ring_pages, baseline: 8, margin: 10%}, {baseline: {block: ide}}]", (pages, device)),
    ):
        assert expected == load(f"{head}compare: {text}\n").contrasts
    digests = {
        load(f"{head}compare: {text}\n").digest
        for text in ("{baseline: {block: ide}}", "[{factor: device, baseline: {block: ide}}]")
    }
    assert 1 == len(digests), "it says the same"
    assert load(f"{head}compare: {{factor: ring_pages, baseline: 8}}\n").digest != load(head).digest


def test_hosts_are_compared_as_far_as_a_matrix_has_several() -> None:
    text = BLOCK.replace("[lab]", "[xen1, xen2]") + FIO + "compare: {factor: host, baseline: xen1}\n"
    assert (Contrast("host", "xen1"),) == load(text).contrasts


def test_every_cell_is_measured_at_every_point_of_the_tunables() -> None:
    found = load(
        BLOCK + "  - fio: {rw: read, bs: 4KiB}\ntunables: {ring_pages: [1, 8], persistent_grants: [true, false]}\n"
    )
    cells = matrix.expand(found)
    assert 8 == len(cells) == len({cell.id for cell in cells})
    assert (("persistent_grants", True), ("ring_pages", 1)) == cells[0].tunables
    assert 4 == len({cell.tunables for cell in cells})
    assert found.digest != load(BLOCK + "  - fio: {rw: read, bs: 4KiB}\n").digest


def test_the_points_of_the_tunables_count_as_trials() -> None:
    sweep = f"tunables: {{queues: {list(range(1, 65))}, indirect_segments: {list(range(11, 111))}}}"
    with pytest.raises(MatrixError, match="trials in 20 blocks; at most 200000"):
        load(BLOCK + f"  - fio: {{rw: read, bs: 4KiB}}\n{sweep}\nrun: {{blocks: 20}}\n")


def test_an_offered_load_keeps_many_in_flight_and_unlimited_udp_is_a_rate_of_0() -> None:
    found = workloads(BLOCK, "fio: {rw: randread, bs: 4KiB, rate_iops: [100, 200]}", "fio: {rw: randread, bs: 4KiB}")
    assert [(100, 64, "libaio"), (200, 64, "libaio"), (None, 1, "psync")] == [
        (one.get("rate_iops"), one["iodepth"], one["ioengine"]) for one in found
    ]
    (udp,) = workloads(NET, "iperf3: {direction: up, protocol: udp, rate: unlimited, length: 64B}")
    assert 0 == udp["rate"]


@pytest.mark.parametrize("host", ["host", "dom0"])
def test_the_host_is_the_usual_peer_whatever_it_is_called_and_another_guest_may_be_one(host: str) -> None:
    found = workloads(NET, f"iperf3: {{direction: up, peer: [{host}, guest]}}")
    assert [None, "guest"] == [one.get("peer") for one in found]


def test_the_host_as_peer_is_named_once() -> None:
    with pytest.raises(MatrixError, match=r"m\.yaml:\d+:\d+: "):
        workloads(NET, "iperf3: {direction: up, peer: [dom0, host]}")


@settings(deadline=None)
@given(st.text(max_size=100))
def test_arbitrary_text_raises_nothing_but_matrix_errors(text: str) -> None:
    with pytest.raises(MatrixError, match=r"^m\.yaml:\d+:\d+: "):
        load(text)


QUICKSTART = EXAMPLES[0].read_text(encoding="utf-8")
PIECES = [
    "",
    " ",
    "\n",
    "\t",
    "-",
    ": ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "'",
    '"',
    "#",
    "&a ",
    "*a",
    "!",
    "0",
    "1e9",
    "~",
    "[[",
    "{}",
    "\\",
    "%",
    "@",
    "é",
    "\x00",
    "4KiB",
    "fio",
    "block",
    "\ud800",
    "? ",
    "|\n",
    "---\n",
]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(QUICKSTART)), st.integers(0, 12), st.sampled_from(PIECES)), max_size=4))
def test_a_damaged_matrix_is_read_or_refused_in_one_line(damage: list[tuple[int, int, str]]) -> None:
    text = QUICKSTART
    for start, length, piece in damage:
        text = text[:start] + piece + text[start + length :]
    told = "m.yaml:1:1: nothing"
    try:
        load(text)
    except MatrixError as err:
        told = str(err)
    assert re.match(r"m\.yaml:\d+:\d+: .", told)
    assert len(told.splitlines()) == 1


def test_an_emulated_device_has_cells_in_hvm_guests_alone_and_the_modes_are_what_is_compared() -> None:
    text = (
        BLOCK + "  - fio: {rw: read, bs: 4KiB}\nguest: {mode: [hvm, pvh, pv]}\ncompare: {factor: mode, baseline: hvm}\n"
    )
    found = load(text)
    expected = [("ide", "hvm"), ("blkfront", "hvm"), ("blkfront", "pvh"), ("blkfront", "pv")]
    assert expected == [(cell.device, cell.arm.mode) for cell in matrix.expand(found)]
    assert (Contrast("mode", "hvm"),) == found.contrasts
    assert (("ide", (GuestMode.PVH, GuestMode.PV)),) == left_out(found)


def test_a_matrix_that_says_the_usual_mode_is_the_one_that_says_none() -> None:
    text = BLOCK + "  - fio: {rw: read, bs: 4KiB}\n"
    assert load(text).digest == load(f"{text}guest: {{mode: hvm}}\n").digest
    pvh = load(text.replace("ide, ", "") + "guest: {mode: pvh}\n")
    assert ((GuestMode.PVH,), ()) == (pvh.modes, left_out(pvh))
