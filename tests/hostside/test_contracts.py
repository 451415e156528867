"""The schemas beside the programs of hostside/: whole, sound, and able to refuse."""

import json

import pytest
from jsonschema import Draft202012Validator, ValidationError

from tests.contracts import HOSTSIDE, check

PROGRAMS = sorted(
    path.name
    for path in HOSTSIDE.glob("pvb-*")
    if "." not in path.name and path.name not in ("pvb-claim", "pvb-hotplug")  # shell scripts
)


def test_every_program_that_is_asked_in_json_has_a_contract() -> None:
    assert [f"{name}.schema.json" for name in PROGRAMS] == sorted(path.name for path in HOSTSIDE.glob("*.json"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_contract_is_sound_and_names_every_action_of_its_program(name: str) -> None:
    schema = json.loads((HOSTSIDE / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)

    assert schema["title"] == name
    requests = {part.rpartition(".")[0] for part in schema["$defs"] if part.endswith("request")}
    answers = {part.rpartition(".")[0] for part in schema["$defs"] if part.endswith("answer")}
    assert requests == answers
    text = (HOSTSIDE / name).read_text()
    assert all(f'"action": "{action}"' in text for action in requests - {""})


@pytest.mark.parametrize(
    ("request_", "answer", "path"),
    [
        ({"action": "alive", "name": "../etc"}, {"alive": True, "log": None}, "name"),
        ({"action": "alive", "name": "pvb-a"}, {"alive": "yes", "log": None}, "alive"),
        ({"action": "look", "domid": 0, "root": "/r", "kind": "net", "flush": [], "xenstore": []}, {}, "domid"),
        ({"action": "look", "domid": 1, "root": "/r", "kind": "usb", "flush": [], "xenstore": []}, {}, "kind"),
        ({"action": "destroy", "name": "pvb-a", "force": True}, {}, ""),
    ],
)
def test_what_breaks_a_contract_is_refused(request_: dict[str, object], answer: dict[str, object], path: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check("pvb-domain", request_, answer)

    assert ".".join(map(str, refused.value.absolute_path)) == path
