"""The command line: verbs, the real edges, and the only place that prints or decides exit codes."""

from pvbench.cli.main import main

__all__ = ["main"]
