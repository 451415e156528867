"""trace: what a file of xentrace says of each domain."""

import math
from pathlib import Path

import click

from pvbench.cli.app import App, json_option, pass_app, verb
from pvbench.errors import UsageError
from pvbench.terminal.streams import print_json


@verb(short_help="Count exits and more in a file of xentrace.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--domain", type=click.IntRange(0, 0x7FFF), help="Only this domain, by its number.")
@click.option("--cpu", type=click.Choice(["svm", "vmx"]), help="Whose exit codes these are; left out: they tell.")
@click.option("--mhz", type=click.FloatRange(0, min_open=True), help="The TSC's frequency, for seconds (xl info).")
@json_option
@pass_app
def trace(app: App, file: Path, domain: int | None, cpu: str | None, mhz: float | None, as_json: bool) -> None:
    """Count what each domain did in FILE, which xentrace wrote: exits by reason, device accesses, notifications.

    Record it on the host with `xentrace -D -e 0xaf000 -T 2 FILE` (exits and scheduler); with 0x3af000
    the hypercalls of a PV dom0 and its grant mappings are there too. A gzipped FILE, as runs keep them, is read too;
    `-` is standard input.
    """
    from pvbench.terminal.reading import reading
    from pvbench.xen import trace as traces
    from pvbench.xen.trace.plain_file import plain_file
    from pvbench.xen.trace.view import as_data, render

    if mhz is not None and not math.isfinite(mhz):
        raise UsageError(f"--mhz {mhz} is not a frequency", hint="`xl info` on the host has cpu_mhz")
    with plain_file(file) as plain, reading(app.voice, file.name) as progress:
        found = traces.read(
            plain.path, domain=domain, svm=None if cpu is None else cpu == "svm", progress=progress, name=plain.name
        )
    if domain is not None and domain not in found.domains:
        why = "does nothing that is counted" if found.attributed else "cannot be told from others"
        hint = "without --domain all are listed" if found.attributed else "trace the scheduler too: mask 0x00021000"
        raise UsageError(f"domain {domain} {why} in {plain.name}", hint=hint)
    if as_json:
        print_json(as_data(found, plain, mhz))
    else:
        print(render(found, plain, mhz), end="")
