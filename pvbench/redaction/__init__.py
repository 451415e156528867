"""What tells who measured, and where, taken out of a run before anything is made of it."""

from pvbench.redaction.redact import Redaction, redact

__all__ = ["Redaction", "redact"]
