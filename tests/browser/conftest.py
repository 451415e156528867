"""Every kind of page that pvbench writes, and a real browser (Debian's Chromium) to open it in."""

import functools
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvbench.dashboard import site
from pvbench.history.analysis import Analysis
from pvbench.history.nouns import Annotation
from pvbench.history.store import History
from pvbench.model import BUILTIN_GUEST, Trial
from pvbench.reports import comparison, html
from pvbench.reports.made import make
from pvbench.reports.page import ComparisonPage
from pvbench.store import Store
from pvbench.store.record import Record
from pvbench.testing.guest_runs import guests_run
from pvbench.testing.histories import Fault, Injected, Simulation, simulated_history
from pvbench.testing.runs import SampleRun, flawed_run, sample_run

HOSTILE = "</script><img src=x onerror=document.title='pwned'>"
EXAMPLE = Path(__file__).parents[2] / "results/example/quickstart"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


def hostile_run() -> SampleRun:
    """Return a run whose host, stack, matrix and reasons are markup."""
    run = flawed_run()

    def renamed(spec: Any) -> Any:
        return replace(spec, cell=replace(spec.cell, arm=replace(spec.cell.arm, host=HOSTILE, stack=HOSTILE)))

    manifest = replace(
        run.manifest,
        matrix_name=HOSTILE,
        plan=tuple(map(renamed, run.manifest.plan)),
        hosts=tuple(replace(host, name=HOSTILE) for host in run.manifest.hosts),
    )
    trials = (replace(trial, spec=renamed(trial.spec), reason=trial.reason and HOSTILE) for trial in run.trials)
    return SampleRun(manifest, tuple(trials))


def hostile_guest(trial: Trial) -> Trial:
    """Return a trial in a guest whose image and words are markup."""
    arm = trial.spec.cell.arm
    guest = arm.guest if arm.guest == BUILTIN_GUEST else f"{HOSTILE}{arm.guest}"
    spec = replace(trial.spec, cell=replace(trial.spec.cell, arm=replace(arm, guest=guest)))
    facts = tuple((name, f"{value} {HOSTILE}") for name, value in trial.guest_facts)
    return replace(trial, spec=spec, guest_facts=(*facts, (HOSTILE, HOSTILE)), in_use=((HOSTILE, HOSTILE),))


def page_of(run: SampleRun) -> ComparisonPage:
    return comparison.build(run.manifest, run.trials)


def analysis(history: History, annotations: tuple[Annotation, ...] = ()) -> Analysis:
    return Analysis(history.nights(), history.series(), history.alarms(), annotations)


def dashboard(folder: Path, shown: Analysis) -> dict[str, Path]:
    """Write a dashboard; return its overview and its first series' page."""
    site.write(shown, folder)
    series = next(path for path in sorted(folder.rglob("*.html")) if path.name != "index.html")
    return {"overview": folder / "index.html", "series": series}


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every kind of page by its name, those of hostile names too."""
    folder = tmp_path_factory.mktemp("pages")
    with Store.open(EXAMPLE, EXAMPLE) as store:
        quickstart = comparison.build(store.manifest, store.trials(), store.earlier())
    built = {"quickstart": quickstart}
    for name, run in {"sample": sample_run(), "flawed": flawed_run(), "hostile": hostile_run()}.items():
        built[name] = page_of(run)
    built |= {"guests": page_of(guests_run()), "hostile guests": page_of(guests_run(change=hostile_guest))}
    pages = {}
    for name, page in built.items():
        pages[name] = folder / f"{name}.html"
        pages[name].write_text(html.render(page))
    beside = {"several": flawed_run(), "hostile several": hostile_run()}
    for name, run in beside.items():
        record = Record(replace(run.manifest, run_id=f"{run.manifest.run_id}-beside"), run.trials)
        first = sample_run()
        pages[name] = folder / f"{name}.html"
        pages[name].write_text(make([Record(first.manifest, first.trials), record], "html", redacted=False).text)
    faults = (Injected(0, 30), Injected(2, 35, Fault.VANISHED), Injected(4, 20, Fault.CONSTANT))
    history = simulated_history(str(folder / "history"), Simulation(40, 24, injected=faults, changed=(10,)))
    for name, path in dashboard(folder / "site", analysis(history)).items():
        pages[f"dashboard {name}"] = path
    said = Annotation("", history.nights()[-1].night, HOSTILE, "2026-01-01T00:00:00Z")
    hostile = simulated_history(str(folder / "hostile"), Simulation(8, 12), hostile_run())
    for name, path in dashboard(folder / "hostile-site", analysis(hostile, (said,))).items():
        pages[f"hostile dashboard {name}"] = path
    site.write(Analysis((), ()), folder / "empty-site")
    return pages | {"empty dashboard": folder / "empty-site" / "index.html"}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, steered by playwright; its own download is not used."""
    from playwright.sync_api import sync_playwright

    where = shutil.which("chromium")
    assert where, "these tests need Debian's package chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=where, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A page in the browser, and what it did: addresses asked for, and what its console said."""

    def __init__(self, page: Any) -> None:
        self.page, self.requests, self.console = page, [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("dialog", lambda dialog: self.console.append(dialog.message))


@pytest.fixture
def opened(chromium: Any) -> Iterator[Callable[..., Opened]]:
    """Open a file at a size of SIZES, dark or light."""
    contexts = []

    def visit(path: Path, size: str = "desktop", **options: Any) -> Opened:
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        there = Opened(context.new_page())
        there.page.goto(path.as_uri())
        return there

    yield visit
    for context in contexts:
        context.close()


@functools.cache
def axe_script() -> str:
    """Return axe-core, out of the registry package that carries it."""
    import axe_playwright_python

    return Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()


def violations(page: Any) -> list[str]:
    """Return what axe-core finds serious or critical, an element a line."""
    page.evaluate(axe_script())
    result = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
    return [
        f"{each['id']} ({each['impact']}): {json.dumps(node['target'])}"
        for each in result["violations"]
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]
