"""export: runs in the formats of other programs."""

from pathlib import Path

import click

from pvbench.cli import arguments
from pvbench.cli.app import App, pass_app, results_option, verb
from pvbench.errors import UsageError
from pvbench.exit_codes import ExitCode

NAMES = ("ndjson", "csv", "parquet", "junit", "otava", "bencher", "prometheus")
"""The formats; a test holds them against FORMATS, which is not loaded before one is asked for."""


@verb(short_help="Write runs in the format of another program.")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--format", "form", type=click.Choice(NAMES), required=True, help="docs/export.md says what is in each.")
@click.option("-o", "--output", help="The file, `-` for standard output; left out: the first RUN's id here.")
@results_option()
@pass_app
def export(app: App, runs: tuple[str, ...], form: str, output: str | None, results: Path) -> int:
    """Write RUN... for another program: samples, a CI server's test report, a database of benchmarks or metrics.

    RUN is an id, the beginning of one, a path, or `last`. Otava's configuration, otava.yaml, is put beside its CSV.
    """
    from pvbench.exports.formats import FORMATS
    from pvbench.exports.nouns import ExportedRun
    from pvbench.terminal.output import STANDARD_OUTPUT, write

    chosen, exported = FORMATS[form], {}
    if len(runs) > 1 and not chosen.several:
        raise UsageError(f"--format {form} takes one run at a time", hint="write one file a run")
    if output == STANDARD_OUTPUT and not chosen.alone:
        raise UsageError(f"--format {form} is more than one file", hint="name the first with -o FILE")
    for name in runs:
        with arguments.run(results, name) as store:
            exported[store.manifest.run_id] = ExportedRun(store.manifest, tuple(store.trials()))
    path = output or f"{next(iter(exported))}.{chosen.ending}"
    files = chosen.make(list(exported.values()), Path(path))
    for file in files:
        if file.ours and file.path.is_file() and not file.path.read_bytes().startswith(file.ours):
            raise UsageError(f"{file.path} is there, and is not ours", hint="name a file in another folder with -o")
    for file in files:
        if not write(path if file is files[0] else str(file.path), file.data):
            print(file.path)
    if any(run.measured for run in exported.values()):
        return ExitCode.DONE
    app.note("no trial gave a figure")
    return ExitCode.NOT_MEASURED
