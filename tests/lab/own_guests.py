"""A run in guests of one's own: what became of each trial, and the digests of their images."""

import hashlib
import json
from pathlib import Path

from tests.lab.campaign import pvbench


def measured(folder: Path, matrix: str) -> set[tuple[str, str, str]]:
    """Run a matrix to its end and return guest, device and outcome of each trial."""
    (folder / "m.yaml").write_text(matrix)
    done = pvbench(folder, "run", "m.yaml", timeout=14400)
    assert done.returncode == 0, done.stderr
    (journal,) = (folder / "results/runs").glob("*/journal.ndjson")
    rows = {row["id"]: row for row in map(json.loads, journal.read_text().splitlines())}.values()
    arms = ((row["spec"]["cell"]["arm"], row["outcome"]) for row in rows)
    return {(arm.get("guest", "builtin"), arm["device"], outcome) for arm, outcome in arms}


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
