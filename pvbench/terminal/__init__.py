"""The terminal: the only way to it, columns and files that a person names, signals that end a verb."""
