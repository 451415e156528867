import io
import json
from dataclasses import replace

import pycdlib

from pvbench.guest import Seed, SeededNic, seed

SEED = Seed(
    "pvb-b01",
    "debian",
    "ssh-ed25519 PUBLIC",
    "a private\nkey\n",
    "ssh-ed25519 HOST",
    [SeededNic("00:16:3e:25:11:01", "198.18.10.2/24")],
)


def read(data: bytes) -> dict[str, str]:
    iso = pycdlib.PyCdlib()
    iso.open_fp(io.BytesIO(data))
    found = {}
    for name in ("meta-data", "user-data", "network-config"):
        out = io.BytesIO()
        iso.get_file_from_iso_fp(out, rr_path=f"/{name}")
        found[name] = out.getvalue().decode()
    iso.close()
    return found


def test_a_seed_is_a_disk_that_cloud_init_looks_for() -> None:
    data = seed.disk(SEED)

    assert len(data) % 512 == 0
    assert data[0x8001:0x8006] == b"CD001"
    assert data[0x8028:0x8048].rstrip() == b"cidata"
    assert read(data) == seed.files(SEED)


def test_a_seed_brings_the_guests_own_host_key_and_lets_in_ours_alone() -> None:
    told = seed.files(SEED)
    head, _, text = told["user-data"].partition("\n")
    data = json.loads(text)

    assert head == "#cloud-config"
    assert data["ssh_keys"] == {"ed25519_private": "a private\nkey\n", "ed25519_public": "ssh-ed25519 HOST"}
    assert "ssh_genkeytypes" not in data  # cloud-init refuses an empty list, and makes none beside keys it is given
    assert data["users"][0]["ssh_authorized_keys"] == ["ssh-ed25519 PUBLIC"]
    assert not data["ssh_pwauth"]
    assert json.loads(told["meta-data"])["instance-id"] == "pvb-b01"


def test_addresses_are_bound_to_the_nics_they_are_of() -> None:
    told = json.loads(seed.files(SEED)["network-config"])

    (nic,) = told["ethernets"].values()
    assert (nic["match"], nic["addresses"]) == ({"macaddress": "00:16:3e:25:11:01"}, ["198.18.10.2/24"])


def test_root_is_let_in_where_it_is_asked_for_and_nobody_else_becomes_it() -> None:
    data = json.loads(seed.files(replace(SEED, user="root"))["user-data"].partition("\n")[2])

    assert not data["disable_root"]
    assert "sudo" not in data["users"][0]
    assert data["cloud_init_modules"] == ["users-groups", "ssh"]


def test_a_guest_of_a_user_with_sudo_is_told_its_own_name_which_sudo_looks_up() -> None:
    data = json.loads(seed.files(SEED)["user-data"].partition("\n")[2])

    assert data["manage_etc_hosts"] == "localhost"
    assert "update_etc_hosts" in data["cloud_init_modules"]


def test_a_guest_that_is_looked_at_says_what_it_has_before_anybody_is_let_in() -> None:
    data = json.loads(seed.files(replace(SEED, says="echo 'a=b'"))["user-data"].partition("\n")[2])

    (command,) = data["bootcmd"]
    assert command[:2] == ["sh", "-c"]
    assert "echo 'a=b'" in command[2]
    assert data["cloud_init_modules"] == ["bootcmd", "update_etc_hosts", "users-groups", "ssh"]
    assert "bootcmd" not in json.loads(seed.files(SEED)["user-data"].partition("\n")[2])
