"""ComparisonPage → JSON: the same page for programs. docs/report-json.md says what is in it."""

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
