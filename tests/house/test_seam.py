"""What says Xen lies behind its seam: elsewhere only prose does, and what is listed here with its reason."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "pvbench"
SAYS_XEN = re.compile(r"xen|dom0|\bxl\b", re.IGNORECASE)
BEHIND = ("xen", "lab", "stack", "testing")
"""The seam's own room, the embedded Xen host, what makes a host one, and the kit that stands in for one."""
TABLES: Mapping[str, str] = {
    "cli/hypervisors.py": "the wiring: how a host that runs Xen is driven",
    "cli/import_config.py": "the verb that reads configurations of xm and xl",
    "cli/trace.py": "the verb that reads files of xentrace",
    "driver_source.py": "Linux's names of the files that drivers are built of",
    "guest/kept.py": "Linux's words for what its kernel has taken out of a guest",
    "drivers/__init__.py": "rows of DRIVERS: Linux's names of modules and backends",
    "parts/disks.py": "rows of PARTS: of a PV disk",
    "parts/guest.py": "rows of PARTS: what a guest tells",
    "parts/host.py": "rows of PARTS: what dom0 tells",
    "parts/nics.py": "rows of PARTS: of a PV NIC",
    "parts/nouns.py": "rows of PARTS: words that they share",
    "redaction/keyed.py": "parameters of kernels and hypervisors that tell of nobody",
    "redaction/kinds.py": "names that every installation has",
    "redaction/patterns.py": "first words of settings that look like domains",
    "reports/host_words.py": "rows of HOST_WORDS: what a page calls the parts of a host",
    "views/stack.py": "what those verbs print",
    "store/older.py": "what earlier runs have stored",
}
"""Modules that may say it anywhere."""
FOLDERS = (
    "home|lost\\+found|media|mnt|opt|root|run|srv|tmp|usr|usr/local|var|home/[^/]*"
    "|var/(?:backups|cache|lib|lib/xen|local|lock|log|mail|opt|run|spool|tmp)"
)
ALLOWED: Mapping[str, Mapping[str, str]] = {
    "cli/lab.py": {
        "The embedded hosts, with Xen or to put Xen onto: build, up, down, status, ssh, rm.": "help of the lab's verb"
    },
    "inventory.py": {
        "XEN": "what a host runs that does not say",
        "Login; must be root or able to run xl. Left out: as OpenSSH would.": "help",
        FOLDERS: "a folder that is somebody else's",
    },
    "model/kinds.py": {"XEN": "a hypervisor's name", "xen": "a hypervisor's name"},
    "reports/guests.py": {"xen_emul_unplug=": "a word of a guest's command line that a row of PARTS tells of"},
    "tunables.py": {
        "dom0_vcpus": "a name in matrices that there are",
        "Virtual CPUs of dom0 while the guest runs.": "help",
    },
    "workloads/network.py": {
        "dom0": "an alias in matrices that there are",
        "Who answers: the host (dom0), as usual, or a second guest with a PV NIC on the same bridge.": "help",
    },
}
"""By module, the texts and names that may say it, and why."""


def neutral() -> list[str]:
    """Return the modules that know no hypervisor, by their paths in the package."""
    paths = (path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py")))
    return [str(path) for path in paths if path.parts[0] not in BEHIND and str(path) not in TABLES]


def said(module: str) -> Iterator[str]:
    """Yield the names, and the texts that are no docstrings, of a module that say Xen."""
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        for _, value in ast.iter_fields(node):
            texts = value if isinstance(value, list) else [value]
            yield from (
                text for text in texts if isinstance(text, str) and id(node) not in prose and SAYS_XEN.search(text)
            )


def test_a_module_outside_the_seam_says_xen_in_prose_alone() -> None:
    texts = {module: sorted(set(said(module)) - set(ALLOWED.get(module, {}))) for module in neutral()}

    assert {module: told for module, told in texts.items() if told} == {}


def test_nothing_is_excepted_that_says_it_no_more() -> None:
    idle = [(module, text) for module, texts in ALLOWED.items() for text in texts if text not in set(said(module))]
    assert idle == []
    assert [module for module in TABLES if not set(said(module))] == []
