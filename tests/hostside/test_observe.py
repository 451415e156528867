"""pvb-observe over domains made of files, nodes and a socket: one of libxl's, one of XCP-ng's, one that is gone."""

import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests import contracts
from tests.hostside.test_programs import HOSTSIDE, program
from tests.rooted import Root

sys.path.append(str(HOSTSIDE))

LIBXL = {
    "/local/domain/0/name": "Domain-0",
    "/local/domain/4/name": "web",
    "/libxl/4/type": "hvm",
    "/local/domain/4/image/device-model-pid": "77",
    "/local/domain/4/cpu/0/availability": "online",
    "/local/domain/4/cpu/1/availability": "offline",
    "/local/domain/4/device/vif/0/backend": "/local/domain/0/backend/vif/4/0",
    "/local/domain/4/device/vif/0/state": "1",
    "/local/domain/0/backend/vif/4/0/state": "2",
    "/local/domain/0/backend/vif/4/0/mac": "00:16:3e:01:02:03",
    "/local/domain/4/device/vbd/51776/state": "4",
    "/local/domain/4/device/vbd/51776/ring-page-order": "1",
    "/local/domain/0/backend/vbd/4/51776/state": "4",
    "/local/domain/0/backend/vbd/4/51776/physical-device-path": "/dev/loop3",
}
XENOPSD = {
    "/local/domain/9/name": "db",
    "/local/domain/9/qemu-pid": "88",
    "/local/domain/9/device/vif/1/state": "4",
    "/local/domain/0/backend/vif/9/1/state": "4",
    "/local/domain/9/device/vbd/51712/state": "4",
    "/local/domain/0/backend/vbd3/9/51712/state": "4",
}


class Nodes:
    """A xenstored of a few nodes."""

    def __init__(self, nodes: Mapping[str, str]) -> None:
        self.nodes = nodes

    def __enter__(self) -> "Nodes":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def read(self, path: str) -> str | None:
        return self.nodes.get(path)

    def ask(self, kind: int, paths: list[str]) -> dict[str, str | None]:
        if kind == 2:
            return {path: self.nodes.get(path) for path in paths}
        return {path: "".join(f"{name}\0" for name in self._below(path)) or None for path in paths}

    def _below(self, path: str) -> list[str]:
        return list(
            dict.fromkeys(node[len(path) + 1 :].split("/")[0] for node in self.nodes if node.startswith(f"{path}/"))
        )


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Root:
    made = Root(tmp_path / "root", monkeypatch)
    made.write("/proc/cpuinfo", "vendor_id\t: AuthenticAMD\n")
    made.write("/sys/hypervisor/version/major", "4\n")
    made.write("/sys/hypervisor/version/minor", "17\n")
    return made


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, root: Root) -> Any:
    """Ask pvb-observe of a machine with these nodes in xenstore."""
    import pvb_xenstore

    module = program("pvb-observe")

    def one(nodes: Mapping[str, str], action: str, **request: Any) -> Any:
        monkeypatch.setattr(pvb_xenstore, "Xenstore", lambda: Nodes(nodes))
        answer = {"domains": module.domains, "look": module.Looks().look}[action](request)
        contracts.check("pvb-observe", {"action": action, **request}, answer)
        return answer

    return one


def interface(root: Root, name: str, rx: int, tx: int, bridge: str | None = None) -> None:
    for file, number in (("rx_bytes", rx), ("tx_bytes", tx), ("rx_packets", rx // 100), ("tx_packets", tx // 100)):
        root.write(f"/sys/class/net/{name}/statistics/{file}", f"{number}\n")
    if bridge:
        root.write(f"/sys/class/net/{bridge}/type", "1\n")
        root.link(f"/sys/class/net/{name}/master", f"/sys/class/net/{bridge}")


@contextmanager
def model(path: Path, answers: Mapping[str, Any]) -> Iterator[None]:
    """Answer one QMP conversation on a socket."""

    def serve(server: socket.socket) -> None:
        line, _ = server.accept()
        with line, line.makefile("rw") as stream:
            print(json.dumps({"QMP": {}}), file=stream, flush=True)
            for asked in stream:
                question = json.loads(asked)
                where = question.get("arguments", {}).get("path", "")
                print(json.dumps({"event": "RTC_CHANGE"}), file=stream)
                told = answers.get(question["execute"] + where)
                print(json.dumps({"error": {}} if told is None else {"return": told}), file=stream, flush=True)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        yield
        thread.join()


QMP = {
    "qmp_capabilities": {},
    "query-blockstats": [
        {
            "device": "ide0-hd0",
            "stats": {"rd_bytes": 4096, "wr_bytes": 512, "rd_operations": 1, "wr_operations": 1},
        }
    ],
    "qom-list/machine/peripheral": [
        {"name": "type", "type": "string"},
        {"name": "nic0", "type": "child<e1000>"},
    ],
}


def test_every_domain_is_listed_and_dom0_too(ask: Any) -> None:
    assert ask(LIBXL, "domains") == {"domains": [{"domid": 0, "name": "Domain-0"}, {"domid": 4, "name": "web"}]}


def test_both_ends_of_each_device_of_a_domain_of_libxl_are_told(ask: Any, root: Root) -> None:
    root.write("/proc/77/cmdline", "qemu\0-xen-domid\0004\0-device\0e1000,id=nic0\0")
    root.write("/proc/77/fdinfo/3", "pos: 0\n")
    root.write("/sys/class/dmi/id/product_name", "R640\n")
    root.write("/sys/block/loop3/loop/backing_file", "/root/web.img\n")
    root.write("/sys/block/loop3/loop/dio", "0\n")

    told = ask(LIBXL, "look", domid=4)["facts"]

    disk, nic = told["devices"]
    assert (nic["kind"], nic["number"], nic["front"]["state"], nic["back"]["state"]) == ("vif", 0, "1", "2")
    assert disk["backend"] == {"kind": "vbd", "domid": 0}
    assert disk["front"]["ring-page-order"] == "1"
    assert told["model"] == {"pid": 77, "argv": ["qemu", "-xen-domid", "4", "-device", "e1000,id=nic0"], "taps": {}}
    assert told["loops"] == {"/dev/loop3": {"file": "/root/web.img", "direct": False}}
    assert told["cpus"] == {"0": "online", "1": "offline"}
    here = told["host"]
    assert (here["vendor"], here["xen"]) == ("AuthenticAMD", "4.17")
    assert here["dmi"] == {"sys_vendor": None, "product_name": "R640", "product_version": None}
    assert here["processor"] is None or set(here["processor"]) == {"beneath", "new_code"}


def test_a_process_that_has_the_number_of_a_dead_device_model_is_none(ask: Any, root: Root) -> None:
    root.write("/proc/77/cmdline", "qemu\0-xen-domid\00040\0")

    assert ask(LIBXL, "look", domid=4)["facts"]["model"] is None


def test_xcp_ngs_names_are_known(ask: Any, root: Root) -> None:
    root.write("/proc/88/cmdline", "qemu-dm-9\0-netdev\0tap,id=n,ifname=lan0\0-machine\0pc-0.10\0")
    root.write("/proc/88/fdinfo/7", "pos:\t0\niff:\ttap9.1\n")
    interface(root, "tap9.1", 0, 500, "ovs-system")
    interface(root, "vif9.1", 7000, 900, "ovs-system")
    interface(root, "lan0", 1, 2)
    interface(root, "eth0", 1, 2)
    root.write("/dev/shm/vbd3-9-51712/statistics", struct.pack("=11Q", 0, 0, 0, 5, 5, 80, 1, 1, 2, 2, 16) + b"x" * 40)

    told, look = ask(XENOPSD, "look", domid=9).values()

    assert told["model"]["taps"] == {"7": "tap9.1"}
    assert [each["backend"]["kind"] for each in told["devices"]] == ["vbd3", "vif"]
    assert look["vbds"] == {"vbd3-9-51712": {"bytes": 96 * 512, "ios": 7}}
    assert look["interfaces"]["tap9.1"] == {
        "rx": 0,
        "tx": 500,
        "rx_packets": 0,
        "tx_packets": 5,
        "master": "ovs-system",
    }
    assert look["interfaces"]["vif9.1"]["rx"] == 7000
    assert set(look["interfaces"]) == {"lan0", "tap9.1", "vif9.1"}


def test_the_device_model_is_asked_what_it_has_and_counts(
    ask: Any, root: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pvb_model

    monkeypatch.setattr(pvb_model, "FOLDER", str(tmp_path))
    root.write("/proc/77/cmdline", "qemu\0-xen-domid\0004\0")
    interface(root, "uplink-emu", 100, 200)
    with model(tmp_path / "qmp-libxenstat-4", QMP):
        look = ask({**LIBXL, "/local/domain/0/backend/vif/4/0/vifname": "uplink"}, "look", domid=4)["counted"]

    assert look["model"] == {
        "disks": {"ide0-hd0": {"bytes": 4608, "ios": 2}},
        "devices": [{"name": "nic0", "type": "e1000"}],
        "silent": None,
    }
    assert look["interfaces"]["uplink-emu"]["rx"] == 100
    assert "uplink" not in look["interfaces"]


def test_a_further_look_at_a_domain_tells_its_counters_alone(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    import pvb_xenstore

    nodes = dict(LIBXL)
    monkeypatch.setattr(pvb_xenstore, "Xenstore", lambda: Nodes(nodes))
    looks = program("pvb-observe").Looks()
    interface(root, "vif4.0", 100, 0)
    first = looks.look({"domid": 4})
    interface(root, "vif4.0", 900, 0)
    last = looks.look({"domid": 4})
    nodes.clear()

    assert [each["counted"]["interfaces"]["vif4.0"]["rx"] for each in (first, last)] == [100, 900]
    assert last["facts"] is None
    with pytest.raises(ValueError, match="domain 4 is gone"):
        looks.look({"domid": 4})


def test_a_socket_that_serves_somebody_else_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pvb_model

    monkeypatch.setattr(pvb_model, "FOLDER", str(tmp_path))
    monkeypatch.setattr(pvb_model, "PATIENCE_S", 0.1)
    with socket.socket(socket.AF_UNIX) as busy:  # it listens, and greets nobody
        busy.bind(str(tmp_path / "qmp-libxl-4"))
        busy.listen()
        look = pvb_model.look(4)

    assert look["disks"] is None
    assert look["silent"] == f"{tmp_path}/qmp-libxl-4 is in use, or the device model hangs"


@pytest.mark.parametrize(
    "answer",
    [
        b"[]\n",
        b'{"return": [7]}\n',
        b'{"return": [{"name": 1, "type": []}]}\n',
        b'{"return": [{"device": "a", "stats": {"rd_bytes": "x", "wr_bytes": [], "rd_operations": 0}}]}\n',
        b'{"return": [{"device": "a", "stats": {"rd_bytes": 1e999}}]}\n',
        b'{"event": 1}\n' * 4,
        b"x" * (1 << 21),
    ],
)
def test_a_device_model_that_a_guest_broke_into_costs_its_own_counters_alone(
    answer: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pvb_model

    monkeypatch.setattr(pvb_model, "FOLDER", str(tmp_path))
    monkeypatch.setattr(pvb_model, "PATIENCE_S", 0.3)
    listening = threading.Event()

    def lie() -> None:
        with socket.socket(socket.AF_UNIX) as line:
            line.bind(str(tmp_path / "qmp-libxl-4"))
            line.listen()
            listening.set()
            client, _ = line.accept()
            with client, suppress(OSError):
                client.sendall(b'{"QMP": {}}\n{"return": {}}\n')
                while True:
                    client.sendall(answer)
                    time.sleep(0.01)

    liar = threading.Thread(target=lie)
    liar.start()
    listening.wait()
    look = pvb_model.look(4)
    liar.join(5)

    assert not liar.is_alive()
    assert (look["disks"], look["devices"]) == (None, None)
    assert look["silent"].startswith(f"{tmp_path}/qmp-libxl-4")


def test_a_domain_that_is_gone_is_an_answer(ask: Any) -> None:
    with pytest.raises(ValueError, match="domain 5 is gone"):
        ask(LIBXL, "look", domid=5)


def test_a_backend_that_the_guest_only_claims_to_have_is_not_read(ask: Any) -> None:
    lie = {**LIBXL, "/local/domain/4/device/vif/7/backend": "/local/domain/0/backend/vif/5/0"}

    told = ask(lie, "look", domid=4)["facts"]

    (claimed,) = [each for each in told["devices"] if each["number"] == 7]
    assert (claimed["back"], claimed["backend"]) == ({}, None)
