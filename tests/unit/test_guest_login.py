"""Who logs in to a guest of one's own, and by which keys: what cannot be used is one line."""

import base64
from pathlib import Path

import pytest

from pvbench.errors import ImageError
from pvbench.matrix.guest_login import HOST_KEY, USER, fitting, private_key
from pvbench.ssh import new_key

PEM = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"


def openssh(cipher: bytes) -> str:
    body = base64.b64encode(b"openssh-key-v1\0" + len(cipher).to_bytes(4, "big") + cipher + bytes(40)).decode()
    return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.mark.parametrize("text", [PEM, openssh(b"none"), new_key()[0]])
def test_a_key_without_a_passphrase_is_taken(tmp_path: Path, text: str) -> None:
    (tmp_path / "id").write_text(text)

    assert private_key(tmp_path / "id") == tmp_path / "id"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (openssh(b"aes256-ctr"), "is encrypted"),
        (PEM.replace("\nAAAA", "\nProc-Type: 4,ENCRYPTED\nAAAA"), "is encrypted"),
        (PEM.replace("RSA", "ENCRYPTED"), "is encrypted"),
        ("ssh-ed25519 AAAAC3 me", "is a public key"),
        ("", "is no private key"),
        ("PuTTY-User-Key-File-3: ssh-ed25519", "is no private key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "is encrypted"),
        ("\0\xff" * 50, "is no private key"),
    ],
)
def test_a_key_that_cannot_be_used_says_why(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "id").write_text(text)

    with pytest.raises(ImageError, match=words) as caught:
        private_key(tmp_path / "id")
    assert "\n" not in str(caught.value)


def test_what_is_no_file_is_no_key(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(ImageError, match="there is no key"):
            private_key(path)


@pytest.mark.parametrize("user", ["root", "debian", "_x-1"])
def test_names_of_users_fit(user: str) -> None:
    assert fitting(user, USER) == user


@pytest.mark.parametrize(("text", "shape"), [("$(id)", USER), ("a\nb", USER), ("", USER), ("secret", HOST_KEY)])
def test_others_are_refused_in_a_line(text: str, shape: object) -> None:
    with pytest.raises(ImageError, match="is no ") as caught:
        fitting(text, shape)
    assert "\n" not in str(caught.value)
