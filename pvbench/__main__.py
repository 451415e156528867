"""The entry point: `python -m pvbench` and the `pvbench` script."""

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    from pvbench import cli

    sys.exit(cli.main())


if __name__ == "__main__":
    main()
