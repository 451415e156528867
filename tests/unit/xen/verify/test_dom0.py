"""What dom0 has in use for a domain's devices, by what it answered: recorded ones of the lab, and constructed ones."""

from typing import Any

from pvbench.drivers import DRIVERS
from pvbench.model import Emulation, HostFacts
from pvbench.parts import PARTS
from pvbench.xen.devices import DomainDevices
from pvbench.xen.domain_config import Disk, Nic
from pvbench.xen.verify import InUse, host_parts, parse_look
from pvbench.xen.verify.dom0 import dom0_parts, vbd_parts, vif_parts
from tests.contracts import check
from tests.unit.xen.verify.answers import dom0, guest_text

FACTS = HostFacts(
    "lab",
    Emulation.SOFTWARE,
    "lab",
    "Xen 4.17.5",
    "Linux 6.1.0-50-amd64",
    "EPYC",
    2,
    1 << 32,
    0.04,
    (("scheduler", "credit2"), ("hypervisor build-id", "39a640e6"), ("device model", "QEMU 7.2.22")),
)
BACK, FRONT = "/local/domain/0/backend/vbd/1/51776/", "/local/domain/1/device/vbd/51776/"


def disk(**changes: str | None) -> dict[str, str]:
    """Return what both ends of blkfront's disk agreed on, with some keys (front_KEY, back_KEY) as they are said."""
    nodes: dict[str, Any] = dict(dom0("coexist")["xenstore"])
    for name, value in changes.items():
        end, _, key = name.partition("_")
        path = (FRONT if end == "front" else BACK) + key.replace("_", "-")
        if value is None:
            del nodes[path]
        else:
            nodes[path] = value
    return vbd_parts(nodes, 51776)


def test_recorded_answers_keep_to_the_contract() -> None:
    for name in ("coexist", "isolated-netfront", "isolated-blkfront", "isolated-e1000"):
        check("pvb-domain", {"action": "parts", "domid": 1, "modules": ["xen_netback"]}, dom0(name))


def test_the_ends_of_a_pv_nic_agree_on_copying() -> None:
    assert vif_parts(dom0("coexist")["xenstore"], 2) == {
        "vif states": "Connected, Connected",
        "vif backend": "vif, netback in the kernel",
        "receive by copy": "requested; offered: copy 1, flip 0",
        "vif queues": "1 of at most 8, two event channels each",
        "vif features": "scatter-gather, TCPv4 segmentation, TCPv6 segmentation, IPv6 checksums; "
        "not taken: multicast control, control ring, XDP headroom",
    }


def test_a_pv_half_that_nobody_uses_is_told() -> None:
    found = vif_parts(dom0("isolated-e1000")["xenstore"], 0)

    assert found == {"vif states": "Initialising, InitWait", "vif backend": "vif, netback in the kernel"}
    assert {part for part in found if PARTS[part].lack(found[part])} == {"vif states"}


def test_each_kind_of_backend_is_told_by_its_folder_in_xenstore() -> None:
    nodes = dom0("coexist")["xenstore"]
    tapped = {path.replace("/backend/vbd/", "/backend/vbd3/"): value for path, value in nodes.items()}

    assert vbd_parts(nodes, 51776)["vbd backend"] == "vbd, blkback in the kernel"
    assert vbd_parts(nodes, 51792)["vbd backend"] == "qdisk, in the device model"
    assert vbd_parts(tapped, 51776)["vbd backend"] == "vbd3, tapdisk"
    assert vbd_parts(nodes, 51808) == {"vbd backend": "none"}


def test_the_ends_of_a_pv_disk_agree_on_rings_and_features() -> None:
    assert disk()["vbd ring"] == "1 of at most 8 queues, 1 of at most 16 pages each"
    assert disk(front_ring_page_order="4", front_multi_queue_num_queues="2")["vbd ring"] == (
        "2 of at most 8 queues, 16 of at most 16 pages each"
    )
    assert disk(front_ring_page_order="99999999999")["vbd ring"].startswith(
        "1 of at most 8 queues, 2 to the 99999999999 "
    )
    assert disk()["vbd features"] == (
        "persistent grants on, indirect segments up to 256, offered: flush, discard, barrier"
    )
    assert disk(front_feature_persistent=None, back_feature_barrier="0")["vbd features"] == (
        "persistent grants off, indirect segments up to 256, offered: flush, discard"
    )


def test_modules_of_dom0_are_told_by_the_build_that_is_loaded() -> None:
    answer = dom0("coexist")
    found = dom0_parts(answer)
    answer["modules"]["xen_netback"]["built_in"] = True
    del answer["modules"]["xen_blkback"]
    answer["model"] = None
    changed = dom0_parts(answer)

    assert found["netback build"] == "414272bffcfc2c79091fd79ef29fc3ec0c7f3c63"
    assert found["netback file"].endswith("/xen-netback.ko")
    assert found["device model arguments"].startswith("/usr/libexec/xen-qemu-system-i386 -xen-domid 1 ")
    assert changed["netback build"].endswith("(the kernel's own: built in)")
    assert (changed["blkback build"], changed["device model arguments"]) == ("none", "none")


def test_each_device_has_its_own_parts_and_those_of_the_boot() -> None:
    devices = DomainDevices(
        1,
        tuple(
            Nic(name, devid, f"00:16:3e:25:11:0{devid}", "198.18.10.1", "198.18.10.2", control=False)
            for devid, name in enumerate(("rtl8139", "e1000", "netfront"))
        ),
        (Disk("blkfront", "xvde", "/dev/loop1"), Disk("blkfront-qdisk", "xvdf", "/disk.img")),
    )
    in_use = InUse(host_parts(FACTS), parse_look(guest_text("coexist").encode()), dom0("coexist"))
    found = {
        name: dict(in_use.of_device(name, devices)) for name in ("e1000", "netfront", "blkfront", "blkfront-qdisk")
    }

    assert {
        part for part in PARTS if part not in found["netfront"] and PARTS[part].kind is not DRIVERS["ide"].kind
    } == {
        "changeset",  # Debian's Xen does not say
        "netfront file",
    }
    assert all(PARTS[part].kind is None for part in found["e1000"])
    assert found["blkfront"]["vbd backend"] == "vbd, blkback in the kernel"
    assert "vif queues" not in found["blkfront"]
    assert "blkback build" in found["blkfront"]
    assert "blkback build" not in found["blkfront-qdisk"]  # the device model serves it
    assert list(found["netfront"]) == [part for part in PARTS if part in found["netfront"]]
    assert found["e1000"]["scheduler"] == "credit2"
