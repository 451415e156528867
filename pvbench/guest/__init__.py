"""The guest under test: what it has to keep, and the builtin one."""
