"""Whose cache is trusted: real folders, real links, real other users."""

import os
from pathlib import Path

import pytest

from pvbench.errors import ImageError
from pvbench.images.cache import trusted

OTHER = 12345
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to another user")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    for part in ("images/d1", "guests/d2", "labs/l1"):
        (tmp_path / "cache" / part).mkdir(parents=True, mode=0o755)
    for folder in (tmp_path / "cache").rglob("*"):
        folder.chmod(0o755)
    (tmp_path / "cache").chmod(0o755)
    return tmp_path / "cache"


def test_a_cache_of_ours_is_trusted_there_or_not_yet(cache: Path) -> None:
    assert trusted(cache) == cache
    assert trusted(cache / "not/yet") == cache / "not/yet"


@pytest.mark.parametrize("where", [".", "images", "images/d1", "guests", "guests/d2", "labs/l1"])
def test_a_folder_that_everybody_may_write_to_is_refused_with_the_mend(cache: Path, where: str) -> None:
    (cache / where).chmod(0o1777)

    with pytest.raises(ImageError, match="is writable by everybody") as refused:
        trusted(cache)
    assert f"chmod go-w {cache / where}," in str(refused.value.hint)
    assert "XDG_CACHE_HOME" in str(refused.value.hint)
    assert refused.value.exit_code == 4


@as_root
@pytest.mark.parametrize("where", ["..", ".", "images", "guests/d2"])
def test_another_users_folder_is_refused(cache: Path, where: str) -> None:
    os.chown(cache / where, OTHER, 0)

    with pytest.raises(ImageError, match=rf"belongs to another user \(uid {OTHER}\)"):
        trusted(cache)


@as_root
def test_a_group_of_others_may_not_write(cache: Path) -> None:
    os.chown(cache, 0, OTHER)
    cache.chmod(0o775)
    with pytest.raises(ImageError, match=rf"writable by its group \({OTHER}\)"):
        trusted(cache)
    os.chown(cache, 0, 0)
    assert trusted(cache) == cache


@as_root
def test_a_sticky_folder_of_roots_on_the_way_is_fine_and_a_link_is_judged_by_where_it_leads(cache: Path) -> None:
    cache.parent.chmod(0o1777)
    (cache.parent / "link").symlink_to(cache)
    assert trusted(cache.parent / "link") == cache.parent / "link"
    cache.parent.chmod(0o777)
    with pytest.raises(ImageError, match="writable by everybody"):
        trusted(cache.parent / "link")


@as_root
def test_another_users_link_is_refused_wherever_it_leads(cache: Path) -> None:
    cache.parent.chmod(0o1777)
    (cache.parent / "link").symlink_to(cache)
    os.chown(cache.parent / "link", OTHER, OTHER, follow_symlinks=False)
    with pytest.raises(ImageError, match="link belongs to another user"):
        trusted(cache.parent / "link")
    with pytest.raises(ImageError, match="link belongs to another user"):
        trusted(cache.parent / "link/images")


def test_a_file_in_place_of_the_cache_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch(mode=0o600)
    with pytest.raises(ImageError, match="is not a folder"):
        trusted(tmp_path / "file")
