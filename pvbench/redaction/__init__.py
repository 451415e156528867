"""What tells who measured, and where, taken out of a run before anything is made of it."""

from pvbench.redaction.redact import Record, Redaction, redact

__all__ = ["Record", "Redaction", "redact"]
