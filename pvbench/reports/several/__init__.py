"""Several runs in one report, side by side, with what differs between their conditions told first."""
