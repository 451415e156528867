"""A tunable that is a parameter of a module is one row: a copy of the package with it asks for it and reads it back."""

from pathlib import Path

import pytest

from tests.copied import said_with
from tests.toys.rows import TUNABLE

pytestmark = pytest.mark.thorough

PROGRAM = '''
from pvbench.factors import FACTORS
from pvbench.matrix import expand, load
from pvbench.xen import tunables

text = """schema: 1
hosts: [lab]
placement: coexist
devices: {net: [e1000, netfront]}
workloads: [{netperf: {test: TCP_RR, runtime: 1s}}]
tunables: {staging_grants: [0, 64]}
run: {blocks: 2}
compare: {baseline: {net: e1000}}
"""
print(sorted({dict(cell.tunables)["staging_grants"] for cell in expand(load(text, name="m.yaml"))}))
print("staging_grants" in FACTORS)
asked = (("staging_grants", 64),)
print(*tunables.words(asked, ("e1000", "netfront"), ()))
print(*tunables.parameters_to_read(asked, "netfront"), "and", *tunables.parameters_to_read(asked, "e1000"))
for answer in (b"module xen_netfront/parameters/staging=64\\n", b"module xen_netfront/parameters/staging=32\\n", b""):
    (found,) = tunables.granted(asked, "netfront", {}, tunables.parse_look(answer), {})
    print(found.asked, found.got, found.kept)
'''


def test_a_tunable_is_one_row(tmp_path: Path) -> None:
    assert said_with(TUNABLE, "tunables.py", tmp_path, PROGRAM).splitlines() == [
        "[0, 64]",
        "True",
        "pvb.params=xen-netfront:staging=64",
        "xen_netfront/parameters/staging and",
        "64 64 True",
        "64 32 False",
        "64 None False",
    ]
