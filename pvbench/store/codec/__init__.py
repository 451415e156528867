"""JSON ↔ nouns, field by field: what results/README.md documents as schema 3. Reading is strict."""

from pvbench.store.codec.cells import encode_cell, encode_spec
from pvbench.store.codec.keys import check_schema
from pvbench.store.codec.manifest import decode_manifest, encode_manifest
from pvbench.store.codec.trial import decode_trial, encode_trial

__all__ = [
    "check_schema",
    "decode_manifest",
    "decode_trial",
    "encode_cell",
    "encode_manifest",
    "encode_spec",
    "encode_trial",
]
