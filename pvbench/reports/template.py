"""What every page of a report has: the template engine, our own style, and the one script, known by its digest."""

import base64
import hashlib
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

CONTENT_SECURITY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"


def render(name: str, data: str, **values: Any) -> str:
    """Return a template filled in. Everything but our own style, script and figures is escaped by the engine.

    `data` is JSON without `<`, which the page embeds as it is.
    """
    environment = Environment(
        loader=PackageLoader("pvbench.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    script = environment.get_template("page.js").render().strip()
    return environment.get_template(name).render(
        security=CONTENT_SECURITY.format(digest=_digest(f"\n{script}\n")),
        script=Markup(script),  # noqa: S704
        data=Markup(data),  # noqa: S704
        style=Markup(environment.get_template("style.css").render()),  # noqa: S704
        **values,
    )


def _digest(script: str) -> str:
    """Return the digest by which a page's content security policy lets a script run (W3C, CSP Level 3, 2.3.1)."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
