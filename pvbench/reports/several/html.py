"""RunsPage → one HTML file that needs nothing else, with the figures of the page in it as JSON."""

from dataclasses import replace

from markupsafe import Markup

from pvbench.reports import json_page, template
from pvbench.reports.several import chart
from pvbench.reports.several.page import RunsPage


def render(page: RunsPage) -> str:
    """Return the page as HTML."""
    told = replace(page, runs=tuple(replace(run, matrix_text="") for run in page.runs))
    data = json_page.within_html({"schema": json_page.SCHEMA, "runs": told})
    return template.render("runs.html.j2", data, page=page, ladder=Markup(chart.ladder(page)))  # noqa: S704
