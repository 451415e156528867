"""The NoCloud seed of a cloud image: who may log in, by which key the guest itself is known, and its addresses.

A disk of ISO 9660 with the volume name `cidata` and three files, as cloud-init's documentation has it ("NoCloud").
The guest's own host key comes with it, so that it is pinned from the first byte.
"""

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pycdlib


@dataclass(frozen=True)
class SeededNic:
    """A NIC by its MAC, and the address it gets: "198.18.10.2/24"."""

    mac: str
    address: str


@dataclass(frozen=True)
class Seed:
    """What a guest is told at its boot: `instance` names the boot, `host_key` is a private key as OpenSSH writes it.

    `user` is made by cloud-init, with sudo, unless it is root; `public_key` lets in ("ssh-ed25519 AAAA…"). `says` is a
    shell script whose output the guest prints on its `console`, before it lets anybody in.
    """

    instance: str
    user: str
    public_key: str
    host_key: str
    host_key_public: str
    nics: Sequence[SeededNic]
    says: str = ""
    console: str = "/dev/ttyS0"


def files(seed: Seed) -> dict[str, str]:
    """Return the seed's files by name. JSON is YAML, and needs no quoting of our own."""
    by_sudo = seed.user != "root"
    user = {"name": seed.user, "ssh_authorized_keys": [seed.public_key], "lock_passwd": True}
    if by_sudo:
        user |= {"sudo": "ALL=(ALL) NOPASSWD:ALL", "shell": "/bin/sh"}
    data: dict[str, Any] = {
        "users": [user],
        "disable_root": by_sudo,
        # Sudo looks the guest's own name up, and would ask the network for it.
        "manage_etc_hosts": "localhost" if by_sudo else False,
        "ssh_pwauth": False,
        "ssh_deletekeys": True,
        "ssh_keys": {"ed25519_private": seed.host_key, "ed25519_public": seed.host_key_public},
        # Only who may log in: a first boot that makes locales, fetches packages or grows disks is measured along.
        "cloud_init_modules": [
            *(["bootcmd"] if seed.says else []),
            *(["update_etc_hosts"] if by_sudo else []),
            "users-groups",
            "ssh",
        ],
        "cloud_config_modules": [],
        "cloud_final_modules": [],
    }
    if seed.says:
        data["bootcmd"] = [["sh", "-c", f"{{\n{seed.says}\n}} >{seed.console} 2>/dev/null"]]
    network = {
        "version": 2,
        "ethernets": {
            f"pvb{number}": {
                "match": {"macaddress": nic.mac},
                "addresses": [nic.address],
                "dhcp4": False,
                "dhcp6": False,
                "link-local": [],
            }
            for number, nic in enumerate(seed.nics)
        },
    }
    meta = {"instance-id": seed.instance, "local-hostname": seed.instance}
    return {
        "meta-data": json.dumps(meta),
        "user-data": "#cloud-config\n" + json.dumps(data, indent=1),
        "network-config": json.dumps(network, indent=1),
    }


def encoded(seed: Seed) -> str:
    """Return the disk as base64, for a program that answers JSON."""
    return base64.b64encode(disk(seed)).decode()


def disk(seed: Seed) -> bytes:
    """Return the disk as a raw image, whole sectors."""
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident="cidata")
    for number, (name, text) in enumerate(files(seed).items()):
        content = text.encode()
        short = f"/SEED{number}.;1"
        iso.add_fp(io.BytesIO(content), len(content), short, rr_name=name, joliet_path=f"/{name}")
    out = io.BytesIO()
    iso.write_fp(out)
    iso.close()
    return out.getvalue()
