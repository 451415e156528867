"""Years of nights: what was measured in each, series over them, what changed, and what was missing."""
