"""The verbs as a table of contents, and the one handler of everything that can go wrong."""

import sys
from collections.abc import Sequence

import click

from pvbench.cli import (
    dashboard,
    detect,
    export,
    failures,
    gate,
    history,
    hosts,
    import_config,
    import_results,
    lab,
    matrices,
    nightly,
    observe,
    pilot,
    run,
    runs,
    serve,
    shell,
    stack,
    trace,
)
from pvbench.cli.app import App, Edges, Group, Verb
from pvbench.exit_codes import ExitCode
from pvbench.terminal.streams import cleaned
from pvbench.version import VERSION

EPILOG = (
    "Exit codes: 0 ok, 1 worse than the baseline, 2 usage or a wrong file, 3 something was not measured, "
    "4 infrastructure, 5 contaminated, 130 interrupted. `pvbench VERB --help` says more about a verb."
)


@click.group(cls=Group, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="pvbench", message="%(prog)s %(version)s")
def pvbench() -> None:
    """Measure paravirtualised against emulated devices of Xen guests, and prove which device carried the traffic.

    \b
    pvbench init                  begin with a matrix.yaml and a hosts.yaml
    pvbench run matrix.yaml       measure
    pvbench report last           write the report
    """


VERBS: tuple[Verb | Group, ...] = (
    matrices.init,
    matrices.check,
    matrices.plan,
    pilot.pilot,
    run.run,
    nightly.nightly,
    runs.ls,
    runs.show,
    runs.report,
    runs.compare,
    export.export,
    gate.gate,
    gate.baseline,
    hosts.doctor,
    hosts.clean,
    observe.observe,
    shell.shell,
    trace.trace,
    history.history_verbs,
    dashboard.dashboard,
    dashboard.annotate,
    serve.serve,
    detect.detect,
    import_config.import_config,
    import_results.import_results,
    stack.stack,
    lab.lab,
)
for verb in VERBS:
    pvbench.add_command(verb)


def main(argv: Sequence[str] | None = None, edges: Edges | None = None) -> int:
    """Run the command line and return its exit code; `edges` stands in for the world in tests."""
    app = App(edges or Edges(), tuple(sys.argv[1:] if argv is None else argv))
    with cleaned():
        try:
            return _run(app)
        except BrokenPipeError:
            return ExitCode.BROKEN_PIPE
        except BaseException as error:  # noqa: BLE001  the one handler
            return failures.report(error, app)


def _run(app: App) -> int:
    try:
        with pvbench.make_context("pvbench", list(app.argv), obj=app) as context:
            code = pvbench.invoke(context)
    except click.exceptions.Exit as done:  # --help and --version
        code = done.exit_code
    sys.stdout.flush()
    return code if isinstance(code, int) else 0
