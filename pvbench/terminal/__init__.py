"""The terminal: the only way to it, files that a person names, progress bars, signals that end a verb."""
