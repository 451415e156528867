"""hosts.yaml → the hosts we may use, with pinned host keys."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Host:
    """A machine we may use. None means: as OpenSSH would (its config file, its agent, its known_hosts).

    `host_key` is the pinned public key, "ssh-ed25519 AAAA…"; `jump` names another host; `scratch` is a folder on
    the host under which everything pvbench creates lies; `bridge` is an existing bridge to use (None: pvbench
    makes its own); `volume_group` puts scratch disks on LVs instead of loop devices.
    """

    name: str
    address: str
    port: int | None = None
    user: str | None = None
    key: str | None = None
    host_key: str | None = None
    jump: str | None = None
    scratch: str = "/var/tmp/pvbench"
    bridge: str | None = None
    volume_group: str | None = None
