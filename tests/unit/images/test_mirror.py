"""Where packages come from, asked of the real apt over configurations of all kinds."""

import re
import shutil
from pathlib import Path

import pytest

from pvbench.errors import ImageError
from pvbench.images.mirror import Mirror, mirror

pytestmark = pytest.mark.skipif(shutil.which("apt-get") is None, reason="apt-get, which only Debian-like machines have")

KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEYCQ=\n-----END PGP PUBLIC KEY BLOCK-----\n"
INLINE = "\n".join(f" {line or '.'}" for line in KEY.splitlines())


class Apt:
    """A machine's apt configuration, in a folder that apt is told to take for /etc/apt."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        for name in ("etc/sources.list.d", "etc/apt.conf.d", "lists/partial", "work"):
            (folder / name).mkdir(parents=True)
        (folder / "apt.conf").write_text(f'Dir::Etc "{folder}/etc";\nDir::State::lists "{folder}/lists";\n')
        monkeypatch.setenv("APT_CONFIG", str(folder / "apt.conf"))

    def write(self, name: str, text: str) -> None:
        (self.folder / "etc" / name).write_text(text)

    def release(self, uri: str, suite: str, origin: str) -> None:
        """Put what `apt-get update` would have left there."""
        name = re.sub(r"^\w+://", "", uri).replace("/", "_") + f"_dists_{suite}"
        (self.folder / "lists" / f"{name}_Release").write_text(
            f"Origin: {origin}\nSuite: {suite}\nComponents: main\nSHA256:\n {'0' * 64} 0 main/binary-amd64/Packages\n"
        )
        (self.folder / "lists" / f"{name}_main_binary-amd64_Packages").touch()

    def mirror(self, given: str | None = None, keyrings: tuple[Path, ...] = ()) -> Mirror:
        return mirror(given, self.folder / "work", keyrings)


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Apt:
    return Apt(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("sources.list", "deb http://m.example/debian bookworm main\n", "deb http://m.example/debian bookworm"),
        (
            "sources.list.d/m.list",
            "# x\n\ndeb [ arch=amd64 signed-by=/k.gpg ] https://m.example/d/debian/ trixie main #y\n",
            "deb [signed-by=/k.gpg] https://m.example/d/debian bookworm",
        ),
        (
            "sources.list.d/m.sources",
            "Types: deb deb-src\nURIs: http://m.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n"
            "Signed-By: /k.gpg\nTrusted: yes\nArchitectures: amd64\n",
            "deb [signed-by=/k.gpg trusted=yes] http://m.example/debian bookworm",
        ),
        ("sources.list", "deb file:/srv/mirror/debian stable main\n", "deb copy:/srv/mirror/debian bookworm"),
        ("sources.list", "deb file:///srv/mirror/debian stable main\n", "deb copy:/srv/mirror/debian bookworm"),
        (
            "sources.list",
            "deb http://cache:3142/archive.example/debian bookworm main\n",
            "deb http://cache:3142/archive.example/debian bookworm",
        ),
        (
            "sources.list.d/m.sources",
            "Types: deb\nURIs: mirror+file:/etc/apt/mirrors/debian.list\nSuites: bookworm\nComponents: main\n",
            "deb mirror+file:/etc/apt/mirrors/debian.list bookworm",
        ),
        (
            "sources.list",
            "deb cdrom:[Debian 12]/ bookworm main\ndeb http://s.example/debian-security bookworm-security main\n"
            "deb http://m.example/debian bookworm main\n",
            "deb http://m.example/debian bookworm",
        ),
    ],
)
def test_the_machines_own_mirror_is_taken_as_apt_takes_it(apt: Apt, name: str, text: str, line: str) -> None:
    apt.write(name, text)

    assert apt.mirror().sources("deb") == (f"{line} main non-free",)


def test_a_source_that_is_switched_off_is_not_taken(apt: Apt) -> None:
    stanza = "Types: deb\nURIs: {}\nSuites: bookworm\nComponents: main\n"
    off = "Enabled: no\n" + stanza.format("http://off.example/debian") + "Signed-By: /off.gpg\n"
    apt.write(
        "sources.list.d/a.sources", f"# x\n\n{off}\n{stanza.format('http://on.example/debian')}Signed-By: /on.gpg\n"
    )

    assert apt.mirror().sources("deb-src") == (
        "deb-src [signed-by=/on.gpg] http://on.example/debian bookworm main non-free",
    )


def test_a_strangers_archive_is_not_taken_for_debians(apt: Apt) -> None:
    apt.write("sources.list", "deb http://a.example bookworm main\ndeb http://m.example/debian-remote bookworm main\n")
    apt.release("http://a.example", "bookworm", "Hashi")
    apt.release("http://m.example/debian-remote", "bookworm", "Debian")

    assert apt.mirror().uri == "http://m.example/debian-remote"


def test_a_key_that_stands_in_a_source_is_kept_in_a_file(apt: Apt) -> None:
    stanza = "Types: deb\nURIs: http://m.example/debian\nSuites: bookworm\nComponents: main\n"
    apt.write("sources.list.d/m.sources", f"{stanza}Signed-By:\n{INLINE}\n")

    (option,) = apt.mirror().options
    assert Path(option.removeprefix("signed-by=")).read_text() == KEY


def test_a_source_that_names_no_key_is_held_against_debians_and_those_that_apt_trusts(apt: Apt) -> None:
    apt.write("sources.list", "deb http://m.example/debian bookworm main\n")
    (apt.folder / "etc/trusted.gpg.d").mkdir()
    apt.write("trusted.gpg.d/local.gpg", "")
    apt.write("trusted.gpg.d/local.gpg~", "")
    debians, none = apt.folder / "debian.gpg", apt.folder / "none.pgp"
    debians.touch()

    for given in (None, "http://other.example/debian"):
        assert apt.mirror(given, (debians, none)).options == (
            f"signed-by={debians},{apt.folder}/etc/trusted.gpg.d/local.gpg",
        )
    assert apt.mirror("[trusted=yes] /srv/debian", (debians, none)).options == ("trusted=yes",)


def test_proxies_certificates_passwords_and_an_old_mirrors_dates_are_kept(apt: Apt) -> None:
    apt.write("sources.list", "deb http://m.example/debian bookworm main\n")
    apt.write("auth.conf", "machine m.example login a password b\n")
    apt.write(
        "apt.conf.d/10proxy",
        'Acquire { http { Proxy "http://p:3142"; Proxy::m.example "DIRECT"; }; Check-Valid-Until "false";\n'
        'https::CaInfo "/ca.crt"; Languages "none"; };\nAPT::Periodic::Enable "1";\n',
    )

    for given in (None, "http://other.example/debian"):
        reach = [line for line in apt.mirror(given).reach if "::Allow" not in line]
        assert sorted(reach) == [
            'Acquire::Check-Valid-Until "false";',
            'Acquire::http::Proxy "http://p:3142";',
            'Acquire::http::Proxy::m.example "DIRECT";',
            'Acquire::https::CaInfo "/ca.crt";',
            f'Dir::Etc::netrc "{apt.folder}/etc/auth.conf";',
        ]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("http://m.example/debian", "deb http://m.example/debian bookworm"),
        ("/srv/debian", "deb copy:/srv/debian bookworm"),
        ("file:/srv/debian", "deb copy:/srv/debian bookworm"),
        (
            "[signed-by=/k.gpg trusted=yes] https://m.example/debian",
            "deb [signed-by=/k.gpg trusted=yes] https://m.example/debian bookworm",
        ),
    ],
)
def test_another_mirror_can_be_given(apt: Apt, given: str, line: str) -> None:
    apt.write("sources.list", "deb http://own.example/debian bookworm main\n")

    assert apt.mirror(given).sources("deb") == (f"{line} main non-free",)


@pytest.mark.parametrize("given", ["", "m.example/debian", "http://m.example/debian bookworm", "http://a\nb", "-o x"])
def test_what_is_no_mirror_is_refused_with_what_is(apt: Apt, given: str) -> None:
    with pytest.raises(ImageError) as refused:
        apt.mirror(given)

    assert refused.value.message.endswith("is not a mirror")
    assert "--mirror URL" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the machine's own apt has no source of Debian's packages"),
        ("deb http://archive.example/ubuntu noble main universe\n", "the machine's own apt has no source"),
        ("deb http://m.example/debian bookworm\n", "the machine's own apt sources cannot be read"),
    ],
)
def test_a_machine_without_a_debian_mirror_is_told_what_to_give(apt: Apt, text: str, words: str) -> None:
    apt.write("sources.list", text)

    with pytest.raises(ImageError) as refused:
        apt.mirror()
    assert words in refused.value.message
    assert "a Debian mirror that has bookworm, main and non-free" in str(refused.value.hint)


def test_another_suite_is_taken_from_the_same_archive_trusted_alike() -> None:
    told = ("proxy",)
    debian = Mirror("http://mirror.example/debian", ("signed-by=/key.gpg",), told).of("trixie")

    assert debian.sources("deb") == ("deb [signed-by=/key.gpg] http://mirror.example/debian trixie main non-free",)
    assert debian.reach == told
