"""export: runs in the formats of other programs."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from pvbench.cli import arguments
from pvbench.cli.app import App, pass_app, results_option, verb
from pvbench.errors import UsageError
from pvbench.exit_codes import ExitCode

if TYPE_CHECKING:
    from pvbench.exports.nouns import ExportedFile, ExportedRun, Format

NAMES = ("ndjson", "csv", "parquet", "junit", "otava", "bencher", "prometheus")
"""The formats; a test holds them against FORMATS, which is not loaded before one is asked for."""

NEXT: Mapping[str, str] = MappingProxyType(
    {
        "ndjson": "jq -c '[.device, .metric, .value]' {file}",
        "parquet": "read it with pandas.read_parquet or DuckDB",
        "otava": "otava analyze pvbench --config-file {folder}/otava.yaml --since 2020-01-01",
        "bencher": "bencher run --adapter json --file {file}",
        "prometheus": "move it to where node_exporter's --collector.textfile.directory looks",
    }
)
"""What a person may do next, said after writing; a file's name is put in as a shell takes it."""


@verb(short_help="Write runs in the format of another program.")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--format", "form", type=click.Choice(NAMES), required=True, help="docs/export.md says what is in each.")
@click.option(
    "-o", "--output", help="The file, `-` for standard output; left out: a file here that the first RUN names."
)
@results_option()
@pass_app
def export(app: App, runs: tuple[str, ...], form: str, output: str | None, results: Path) -> int:
    """Write RUN... for another program: samples, a CI server's test report, a database of benchmarks or metrics.

    RUN is an id, the beginning of one, a path, or `last`. Otava's configuration, otava.yaml, is put beside its CSV.
    """
    from pvbench.exports.formats import FORMATS
    from pvbench.terminal.output import STANDARD_OUTPUT

    _refuse(FORMATS[form], form, len(runs), output)
    exported = _read(app, results, runs)
    path = output or f"{exported[0].manifest.run_id}.{FORMATS[form].ending}"
    write_files(app, FORMATS[form].make(exported, Path(path)), path)
    if output != STANDARD_OUTPUT and form in NEXT:
        app.note(NEXT[form].format(file=shlex.quote(path), folder=shlex.quote(str(Path(path).parent))))
    if any(run.gave_figures for run in exported):
        return ExitCode.DONE
    app.note("no trial gave a figure")
    return ExitCode.NOT_MEASURED


def _refuse(chosen: "Format", form: str, runs: int, output: str | None) -> None:
    """Raise UsageError for what a format cannot do."""
    from pvbench.terminal.output import STANDARD_OUTPUT
    from pvbench.terminal.streams import writer

    if runs > 1 and not chosen.several:
        raise UsageError(f"--format {form} takes one run at a time", hint="write one file a run")
    if output and not chosen.alone and (output == STANDARD_OUTPUT or _is_no_plain_file(output)):
        raise UsageError(f"--format {form} is more than one file", hint="name the first with -o FILE")
    if output == STANDARD_OUTPUT and not chosen.text and writer(sys.stdout).isatty():
        raise UsageError(f"--format {form} is nothing a terminal can show", hint="name a file with -o FILE")


def _is_no_plain_file(name: str) -> bool:
    """Whether something else than a file is there: a device, a pipe, /dev/stdout."""
    return os.path.exists(name) and not os.path.isfile(name)  # noqa: PTH110, PTH113  Path raises for some names


def _read(app: App, results: Path, names: Sequence[str]) -> "list[ExportedRun]":
    """Return the runs of some names, each once: a run that is named again is told of and left out."""
    from pvbench.exports.nouns import ExportedRun

    found: dict[str, ExportedRun] = {}
    for name in names:
        with arguments.run(results, name) as store:
            if store.manifest.run_id in found:
                app.note(f"{name} is {store.manifest.run_id} once more, and is left out")
            else:
                found[store.manifest.run_id] = ExportedRun(store.manifest, tuple(store.trials()))
    return list(found.values())


def write_files(app: App, files: "Sequence[ExportedFile]", name: str) -> None:
    """Write the first file as it was named and the rest beside it; tell what was there before."""
    from pvbench.terminal.output import write

    for file in files:
        if file.ours and file.path.is_file() and not file.path.read_bytes().startswith(file.ours):
            raise UsageError(f"{file.path} is there, and is not ours", hint="name a file in another folder with -o")
    for file in files:
        there = os.path.isfile(file.path)  # noqa: PTH113  Path raises for some names
        if write(name if file is files[0] else str(file.path), file.data):
            continue
        print(file.path)
        if there:
            app.note(f"{file.path} was there, and is replaced")
