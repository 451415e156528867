"""ComparisonPage → JSON: the same page for programs. docs/report-json.md says what is in it."""

import json
from dataclasses import replace
from typing import Any

from pvbench import plain_json
from pvbench.model import FlagKind
from pvbench.reports.page import ComparisonPage
from pvbench.version import VERSION

SCHEMA = 1


def render(page: ComparisonPage) -> str:
    """Return the page as JSON, with what its flags mean beside it."""
    return (
        plain_json.dumps(
            {
                "schema": SCHEMA,
                "generated_by": f"pvbench {VERSION}",
                "page": page,
                "flag_kinds": {kind: {"meaning": kind.meaning, "remedy": kind.remedy} for kind in FlagKind},
            }
        )
        + "\n"
    )


def embedded(page: ComparisonPage) -> str:
    """Return the page as it stands within its own HTML: without trials and the matrix, which are long, and no `<`."""
    return within_html({"schema": SCHEMA, "page": replace(page, cells=(), matrix_text="")})


def within_html(data: dict[str, Any]) -> str:
    """Return data as JSON on one line, with `<`, `>` and `&` escaped, so that it may stand within a script element."""
    told = plain_json.plain({"generated_by": f"pvbench {VERSION}", **data})
    text = json.dumps(told, allow_nan=False, separators=(",", ":"))
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")
