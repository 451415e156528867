"""What counts as an identifier, and what looks like one and is none."""

import pytest

from pvbench.redaction.keyed import of_fact
from pvbench.redaction.own_words import words
from pvbench.redaction.patterns import identifiers


def told(text: str) -> dict[str, str]:
    """What a text says of identifiers, by their text."""
    found = reversed(list(identifiers(text)))
    return {each: kind.value for kind, each, weak in found if not (weak and each.casefold() in words())}


@pytest.mark.parametrize(
    "text",
    [
        "fio-3.33, iperf 3.12 (cJSON 1.7.15), QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)",
        "linux-image-6.1.0-50-amd64 6.1.176-1, Xen 4.17.5, AMD EPYC Processor",
        "dom0_mem=1536M,max:1536M dom0_max_vcpus=1 console=com1 com1=115200 noreboot net.ifnames=0 rd.lvm.lv=vg/root",
        "sha256 1167dd8e9a7597309e339bbcb95bc00a15737e5feeb6551a13ee9c17b5b82201, stack new@bff90198a667",
        "2026-11-28T18:29:59+00:00, 20261128T182931Z-quickstart-312c, 12:30:01, PCI 0000:00:1f.2",
        "/local/domain/0/backend/vbd/1/768/feature-max-indirect-segments /dev/loop0 raw/b01-ide-24798d4cbad8/fio.json",
        "127.0.0.1 ::1 0.0.0.0 255.255.255.0 root@localhost ff:ff:ff:ff:ff:ff 00:00:00:00:00:00",
        "five windows range over 21 % of their mean; std::string; quickstart.yaml; net.core.somaxconn; TCP_RR",
        "served from vif7.0-emu to xvda1, on eth0, of block 3, to cpu1, via xenbr0, on linux-6, to sda2, on dom0",
        "phy:/dev/loop0 file:/var/x tap:aio:/x raw:/x",
        "--lat_percentiles=1 --write_iops_log=/tmp/pvb --client localhost --bind 127.0.0.1",
    ],
)
def test_what_tells_of_nobody_is_left(text: str) -> None:
    assert told(text) == {}


@pytest.mark.parametrize(
    ("text", "identifier", "kind"),
    [
        ("ssh: connect to host zeus9 port 22: Connection refused", "zeus9", "host"),
        ("ssh: Could not resolve hostname athen: Name or service not known", "athen", "host"),
        ("systemd.hostname=athen", "athen", "host"),
        ("https://u1:pw9@athen/x", "pw9", "secret"),
        ("https://u1:pw9@athen/x", "u1", "user"),
        ("https://athen:8080/x", "athen", "host"),
        ("cloned https://code.firma.de/x.git", "code.firma.de", "domain"),
        ("Linux version 6.1.0 (jane@box17) (gcc 12.2.0)", "jane", "user"),
        ("Linux version 6.1.0 (jane@box17) (gcc 12.2.0)", "box17", "host"),
        ("uid=1000(jane) gid=1000(jane)", "jane", "user"),
        ("jane:x:1000:1000:Jane Roe:/home/jane:/bin/sh", "Jane Roe", "user"),
        (r"C:\Users\jane\matrix.yaml", "jane", "user"),
        ("Invalid user jane from 10.1.2.3", "jane", "user"),
        ("at 10.1.2.3/24.", "10.1.2.3", "address"),
        ("[fe80::1c2d%eth0]:22", "fe80::1c2d", "address"),
        ("::ffff:10.1.2.3", "::ffff:10.1.2.3", "address"),
        ("ether 52:54:00:ab:cd:ef, up", "52:54:00:ab:cd:ef", "mac"),
        ("-smbios type=1,serial=ABC12X4,uuid=x", "ABC12X4", "serial"),
        ("Serial Number: 1234567", "1234567", "serial"),
        ("/dev/disk/by-id/ata-WDC_WD10EZEX-00_WD-WCC3F01", "ata-WDC_WD10EZEX-00_WD-WCC3F01", "serial"),
        ("wwn-0x5000c500a1b2c3d4", "5000c500a1b2c3d4", "serial"),
        ("disk WD-WX31A1234567 failed", "WD-WX31A1234567", "serial"),
        ("-object secret,id=sec0,data=letmein", "letmein", "secret"),
        ("rd.luks.key.password=s3 quiet", "s3", "secret"),
        ("--api-key 'abc123'", "abc123", "secret"),
        ("drew dGhpcyBpcyBhIHNlY3JldCAx92Qx", "dGhpcyBpcyBhIHNlY3JldCAx92Qx", "secret"),
        ("no answer from db-prod-03 within 20 s", "db-prod-03", "host"),
        ("lost contact with it: no route to vault9.", "vault9", "host"),
        ("mount athen:/export/x", "athen", "host"),
        ("on LAPTOP-4F7K2L9", "LAPTOP-4F7K2L9", "host"),
        ("Authorization: Basic dXNlcjpwYXNzMQ==", "dXNlcjpwYXNzMQ==", "secret"),
        ("unlock.key=ab12cd", "ab12cd", "secret"),
        ("Samsung_SSD_860_EVO_S3Z8NB0K123456X", "S3Z8NB0K123456X", "serial"),
        ("port 50:01:43:80:12:34:56:78", "50:01:43:80:12:34:56:78", "serial"),
        ("instance i-0abc123def4567890", "i-0abc123def4567890", "serial"),
        ("uid=jane", "jane", "user"),
        ("/home/jane/secret-work/disk.yaml", "/home/jane/secret-work", "path"),
    ],
)
def test_a_form_tells_what_an_identifier_is(text: str, identifier: str, kind: str) -> None:
    assert told(text).get(identifier) == kind


@pytest.mark.parametrize(
    ("name", "value", "identifiers_"),
    [
        ("serial", "1234567", {"1234567"}),
        ("/sys/class/dmi/id/product_serial", "VMX-44", {"VMX-44"}),
        ("measured by", "Jane Roe", {"Jane", "Roe"}),
        ("hostname", "athen", {"athen"}),
        ("host", "iperf3 server of the host", set()),
        ("dom0 command line", "root=/dev/vda rw console=hvc0 net.ifnames=0 mitigations=off panic=1", set()),
        (
            "kernel command line",
            "quiet asset=K-44-1b7 unlock.pin=4711 max_loop=8 acme.x=mango",
            {"K-44-1b7", "4711", "mango"},
        ),
        ("feature-max-indirect-segments", "256", set()),
        ("serial", "none", set()),
        ("user", "root", set()),
    ],
)
def test_a_facts_name_tells_what_its_value_is(name: str, value: str, identifiers_: set[str]) -> None:
    assert {text for _, text in of_fact(name, value)} == identifiers_
