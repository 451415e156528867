"""Whether a run may pass: each of its cells beside the same cell of a baseline run, by verdicts."""
