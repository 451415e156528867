"""Whose the cache is: programs, keys and guests are read from it, so nobody else may be able to write to it."""

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from pvbench.errors import ImageError

_KINDS = ("images", "guests", "labs", "stacks", "toolchains", "builds")
_ELSEWHERE = "or set XDG_CACHE_HOME to a folder of your own"


def trusted(cache: Path) -> Path:
    """Return the cache's folder, there or not yet. Raises ImageError where somebody else could change what is in it.

    What is there must be ours or root's and writable by nobody else; so must every folder on the way, unless it is
    root's and sticky as /tmp. Links are followed to what they lead to.
    """
    for path in (*_way(cache), cache):
        if path.is_symlink() and path.lstat().st_uid not in (0, os.geteuid()):
            raise _others(cache, path, path.lstat().st_uid)
        found = _stat(path)
        if found is not None and path != cache:
            _judge(cache, path, found)
    for path in (cache, *_inside(cache)):
        found = _stat(path)
        if found is not None and not stat.S_ISDIR(found.st_mode):
            raise ImageError(f"the cache {cache}: {path} is not a folder", hint=f"rm {path}, {_ELSEWHERE}")
        if found is not None:
            _judge(cache, path, found, sticky=False)
    return cache


def _way(path: Path) -> Iterator[Path]:
    """Yield every folder and link on the way to a path, as it is written and as it is resolved."""
    absolute = path.absolute()
    yield from dict.fromkeys((*reversed(absolute.parents), *reversed(absolute.resolve().parents)))


def _inside(cache: Path) -> Iterator[Path]:
    for kind in _KINDS:
        folder = cache / kind
        if folder.is_dir():
            yield folder
            yield from (path for path in sorted(folder.iterdir()) if path.is_dir())


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ImageError(
            f"the cache cannot be used: {path}: {error.strerror}", hint=_ELSEWHERE.removeprefix("or ")
        ) from error


def _judge(cache: Path, path: Path, status: os.stat_result, *, sticky: bool = True) -> None:
    if status.st_uid not in (0, os.geteuid()):
        raise _others(cache, path, status.st_uid)
    if sticky and status.st_uid == 0 and status.st_mode & stat.S_ISVTX:
        return
    if status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and not _private(status.st_gid)):
        whom = "everybody" if status.st_mode & stat.S_IWOTH else f"its group ({status.st_gid})"
        raise ImageError(
            f"the cache {cache} is not safe: {path} is writable by {whom}", hint=f"chmod go-w {path}, {_ELSEWHERE}"
        )


def _others(cache: Path, path: Path, uid: int) -> ImageError:
    return ImageError(
        f"the cache {cache} is not safe: {path} belongs to another user ({_name(uid)})",
        hint=f"chown it to you if it is yours, {_ELSEWHERE}",
    )


def _private(gid: int) -> bool:
    """Whether a group is root's, or ours alone as many systems make one for each user."""
    try:
        me, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(gid)
    except KeyError:
        return gid == 0
    return gid == 0 or (gid == me.pw_gid and group.gr_name == me.pw_name and set(group.gr_mem) <= {me.pw_name})


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
