"""Imported results side by side: a column a result, a row a figure, as text or as Markdown; every path is unknown."""

from collections.abc import Sequence

from pvbench.columns import columns
from pvbench.foreign import PATH_UNKNOWN, Result
from pvbench.views.imported import LEFT_OUT, File, text_of

ABSENT = "not in the file"


def as_text(files: Sequence[File]) -> str:
    """Return the table as columns of text."""
    return columns(_rows(files))


def as_markdown(files: Sequence[File]) -> str:
    """Return the table in GitHub's Markdown, where all text of a file is shown and never read as markup."""
    from pvbench.reports.markdown import escaped

    head, *body = [[escaped(cell) or " " for cell in row] for row in _rows(files)]
    lines = [head, ["---"] * len(head), *body]
    heading = f"### Imported figures, path {PATH_UNKNOWN}: nothing proves which device carried them\n\n"
    return heading + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _rows(files: Sequence[File]) -> list[list[str]]:
    results = [(file.name, result) for file in files for result in file.results]
    keys = dict.fromkeys(
        (figure.part, figure.name)
        for _, result in results
        for figure in result.figures
        if not figure.name.endswith(LEFT_OUT)
    )
    return [
        ["figure", *(f"{name}:{result.line}" for name, result in results)],
        ["tool", *(f"{result.tool} {result.version or 'version not known'}" for _, result in results)],
        ["test", *(result.title for _, result in results)],
        ["path", *(result.path for _, result in results)],
        *([" ".join(filter(None, key)), *(_cell(result, key) for _, result in results)] for key in keys),
        ["problem", *(result.problem or "none told" for _, result in results)],
    ]


def _cell(result: Result, key: tuple[str, str]) -> str:
    return next((text_of(figure) for figure in result.figures if (figure.part, figure.name) == key), ABSENT)
