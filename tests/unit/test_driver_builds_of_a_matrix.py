"""`frontends:` and `backends:` of a matrix: read with the files they name, swept, compared, told with their place."""

import json
from pathlib import Path

import pytest

from pvbench.errors import MatrixError
from pvbench.matrix import Matrix, expand, load
from pvbench.model import STOCK, Contrast
from pvbench.store.codec.cells import decode_cell, encode_cell
from tests.unit.guest.test_mkbuildtree import written

TEXT = """\
schema: 1
hosts: [lab]
devices: {block: [ide, blkfront]}
placement: isolated
workloads:
  - fio: {rw: read, bs: 4KiB}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path, {"a.patch": "a", "b.patch": "b", "mine/xen-blkfront.c": "mine", "empty/notes.txt": ""})


def read(lines: str, folder: Path) -> Matrix:
    return load(TEXT + lines, name="m.yaml", folder=folder)


def builds(lines: str, folder: Path) -> list[str]:
    cells = expand(read(lines, folder))
    return list(dict.fromkeys(cell.arm.frontends.rpartition(" ")[0] or cell.arm.frontends for cell in cells))


def test_a_build_is_called_after_its_source_and_patches_or_as_it_says(folder: Path) -> None:
    lines = (
        "frontends: [stock, {source: distro}, {source: distro, patches: [a.patch, b.patch]}, {source: mine}, "
        "{source: ./mine, patches: [b.patch]}, {source: mine, patches: [a.patch], name: quicker}]\n"
    )

    assert builds(lines, folder) == [
        "stock",
        "rebuilt (distro source)",
        "patched: a.patch, b.patch",
        "mine",
        "mine patched: b.patch",
        "quicker",
    ]


def test_every_cell_is_measured_with_each_build_of_both_sides(folder: Path) -> None:
    matrix = read("frontends: [stock, {source: distro}]\nbackends: [stock, {source: distro}]\n", folder)

    assert len({(cell.device, cell.arm.frontends, cell.arm.backends) for cell in expand(matrix)}) == 2 * 2 * 2


def test_an_arm_is_identified_by_what_is_in_the_files(folder: Path) -> None:
    lines = "frontends: {source: mine}\n"
    before = {cell.id for cell in expand(read(lines, folder))}

    assert {cell.id for cell in expand(read(lines, folder))} == before
    (folder / "mine/xen-blkfront.c").write_text("changed")
    assert not before & {cell.id for cell in expand(read(lines, folder))}


def test_a_matrix_of_stock_drivers_is_the_one_that_says_nothing_of_them(folder: Path) -> None:
    said, silent = read("frontends: [stock]\nbackends: stock\n", folder), read("", folder)

    assert said.digest == silent.digest
    assert expand(said) == expand(silent)


def test_a_comparison_names_a_build_and_stands_for_what_is_in_it(folder: Path) -> None:
    lines = 'frontends: [stock, {source: distro}]\ncompare: {factor: frontends, baseline: "rebuilt (distro source)"}\n'
    stock = "frontends: [stock, {source: distro}]\ncompare: {factor: frontends, baseline: stock, margin: 10%}\n"

    (contrast,) = read(lines, folder).contrasts
    assert contrast.baseline in {cell.arm.frontends for cell in expand(read(lines, folder))} - {STOCK}
    assert read(stock, folder).contrasts == (Contrast("frontends", STOCK, 0.1),)


def test_a_stored_cell_says_builds_only_where_they_are_not_the_kernels_own(folder: Path) -> None:
    stock, built = (expand(read(lines, folder))[0] for lines in ("", "frontends: {source: mine}\n"))

    assert not {"frontends", "backends"} & encode_cell(stock)["arm"].keys()
    assert encode_cell(built)["arm"]["frontends"] == built.arm.frontends
    assert [decode_cell(json.loads(json.dumps(encode_cell(cell)))) for cell in (stock, built)] == [stock, built]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("frontends: [stock, {source: ./none}]\n", "7:29: there is no source {}/none; `distro` is the kernel's own"),
        ("frontends: {source: empty}\n", "7:21: {}/empty has no driver: no xen-netfront.c"),
        ("frontends: {source: distro, patches: [a.patch, c.patch]}\n", "7:48: there is no patch {}/c.patch"),
        ("frontends: [stok]\n", "7:13: no build of drivers 'stok'; did you mean 'stock'?"),
        ("frontends: [{patches: [a.patch]}]\n", "7:13: 'source' is missing in a build of drivers"),
        (
            "frontends: [{source: distro}, {source: mine, name: rebuilt (distro source)}]\n",
            "7:31: two builds are called 'rebuilt (distro source)'",
        ),
        (
            "frontends: [stock, {source: distro}]\ncompare: {factor: frontends, baseline: patched}\n",
            "8:40: baseline 'patched' is not among the values of frontends; one of stock, rebuilt (distro source)",
        ),
        (
            "compare: {factor: backends, baseline: stock}\n",
            "7:19: nothing to compare backends stock with; it is the only value in 'backends'",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(lines: str, told: str, folder: Path) -> None:
    with pytest.raises(MatrixError) as error:
        read(lines, folder)

    assert str(error.value).startswith(f"m.yaml:{told.format(folder)}")


def test_builds_that_none_of_the_devices_has_are_refused(folder: Path) -> None:
    text = TEXT.replace("ide, blkfront", "ide") + "frontends: {source: distro}\n"

    with pytest.raises(MatrixError, match=r"7:1: frontends mean nothing for ide; only for netfront, blkfront"):
        load(text, name="m.yaml", folder=folder)
