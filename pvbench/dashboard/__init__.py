"""A static site of a history: what was measured, what changed with proof, how sure; a page a series."""
