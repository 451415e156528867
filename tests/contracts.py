"""The contracts of hostside/: what a program may be asked and may answer, by its schema beside it."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

HOSTSIDE = Path(__file__).parents[1] / "hostside"


def check(program: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Raise jsonschema's ValidationError where the request or the answer breaks the program's contract."""
    if "error" in answer:  # perhaps just because the request broke it
        _validator(program, "error").validate(_plain(answer))
        return
    action = f"{request['action']}." if "action" in request else ""
    _validator(program, f"{action}request").validate(_plain(request))
    _validator(program, f"{action}answer").validate(_plain(answer))


@functools.cache
def _validator(program: str, part: str) -> Draft202012Validator:
    schema = json.loads((HOSTSIDE / f"{program}.schema.json").read_text())
    return Draft202012Validator({"$ref": f"#/$defs/{part}", "$defs": schema["$defs"]})


def _plain(value: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(value))  # as it goes over the wire
