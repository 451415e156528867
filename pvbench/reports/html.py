"""ComparisonPage → one HTML file that needs nothing else: no script, no font, no style from elsewhere.

The one script that runs is our own and known to the page by its digest; the page's figures are in it as JSON too.
"""

from collections.abc import Mapping

from markupsafe import Markup

from pvbench.reports import charts, curve_chart, json_page, stacked_bars, template
from pvbench.reports.behind import strip_table
from pvbench.reports.exits_view import LEGEND
from pvbench.reports.mechanism_page import DeviceCost
from pvbench.reports.page import ComparisonPage, Row


def render(page: ComparisonPage) -> str:
    """Return the page as HTML. Everything but our own style and figures is escaped by the template engine."""
    costs = page.mechanism
    story = {each.cell: each for load in costs.workloads for each in load.devices} if costs else {}
    compared = any(row.point is not None for group in page.groups for row in group.rows)
    return template.render(
        "comparison.html.j2",
        json_page.embedded(page),
        page=page,
        ladder=Markup(charts.ladder(page)) if compared else None,  # noqa: S704
        rungs=charts.rungs(page),
        curves=[(drawn, Markup(curve_chart.draw(drawn, n))) for n, drawn in enumerate(page.curves)],  # noqa: S704
        latency_curves=[
            (drawn, Markup(curve_chart.draw(drawn, n)))  # noqa: S704
            for n, drawn in enumerate(page.latency_curves, len(page.curves))
        ],
        strips=[
            (drawn, Markup(charts.strip(drawn, n)), strip_table(drawn))  # noqa: S704
            for n, drawn in enumerate(page.strips)
        ],
        exits=Markup(stacked_bars.exits(costs)) if costs and costs.traced else None,  # noqa: S704
        bills=Markup(stacked_bars.bills(costs)) if costs and costs.billed else None,  # noqa: S704
        traps=[
            (table, Markup(stacked_bars.traps(table, n, costs.traps_caption)))  # noqa: S704
            for n, table in enumerate(costs.traps)
        ]
        if costs
        else [],
        legend=LEGEND,
        costs_of=lambda row: _costs_of(row, story),
    )


def _costs_of(row: Row, story: Mapping[str, DeviceCost]) -> list[str]:
    """Return where the time of a comparison's arms goes, as far as it was traced or billed."""
    sides = [story[side.cell] for side in (row.baseline, row.candidate) if side.cell in story]
    return [
        f"{where}: {each.device}: {text}"
        for each in sides
        for where, text in (("limited by", each.limit), ("where the time goes", each.model))
        if text
    ]
