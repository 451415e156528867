"""Building drivers of a source for a kernel, once for what is in them; and a guest's boot disk with them on it."""

import hashlib
import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from pvbench import driver_source, shipped
from pvbench.builds.kernel import Kernel
from pvbench.builds.module import Module, parse_module
from pvbench.builds.toolchain import Toolchain, Workshop, run_inside, toolchain
from pvbench.errors import ImageError
from pvbench.images import bootstrap
from pvbench.model import DriverBuild, DriverSource

_RECIPE = Path(__file__).parent / "recipe"
_FACTS = "build.json"


def build(workshop: Workshop, kernel: Kernel, source: DriverSource) -> DriverBuild:
    """Return the modules of a source for a kernel, built unless they are there. Raises ImageError."""
    tools = toolchain(workshop, kernel)
    recipe = [_RECIPE / "drivers.sh", shipped.folder("guestside") / "mkbuildtree"]
    state = hashlib.sha256(repr((tools.digest, source.digest)).encode())
    for path in recipe:
        state.update(path.read_bytes())
    part = bootstrap.finished_part(
        workshop.cache / "builds",
        state.hexdigest()[:16],
        lambda work: _make(work, workshop, tools, source),
    )
    return _read(part, kernel, source.value)


def boot_disk(workshop: Workshop, kernel: Kernel, disk: Path, modules: Mapping[str, Path]) -> Path:
    """Return a folder with a guest's boot.img, and its initrd, that hold modules in the place of its own, by name.

    Made unless it is there. Raises ImageError, also for a module that the guest's kernel would not load.
    """
    tools = toolchain(workshop, kernel)
    state = hashlib.sha256(repr((tools.digest, disk.read_bytes())).encode())
    state.update((_RECIPE / "boot-disk.sh").read_bytes())
    for name, path in sorted(modules.items()):
        check_fits(parse_module(path.read_bytes(), path.name), path.name, kernel.release)
        state.update(repr((name, path.read_bytes())).encode())

    def make(work: Path) -> None:
        workshop.report(f"boot disk of the guest with {', '.join(sorted(modules))} of its own")
        hooks = [
            'mkdir -p "$1/build/modules"',
            f"copy-in {shlex.quote(str(disk))} {shlex.quote(str(_RECIPE / 'boot-disk.sh'))} /build",
            *(f"copy-in {shlex.quote(str(path))} /build/modules" for _, path in sorted(modules.items())),
            'chroot "$1" sh /build/boot-disk.sh',
            f"copy-out /build/out/boot.img /build/out/initrd {shlex.quote(str(work))}",
        ]
        run_inside(tools, work, "boot-disk", hooks, without=("./usr/src/*", "./usr/lib/gcc/*"))

    return bootstrap.finished_part(workshop.cache / "builds", state.hexdigest()[:16], make)


def check_fits(module: Module, name: str, release: str) -> None:
    """Raise ImageError for a module that a kernel would not load: by then its emulated twin is unplugged already."""
    if module.kernel != release:
        raise ImageError(
            f"{name} is built for Linux {module.kernel}, not for {release}: the guest would unplug its emulated "
            "devices and have no frontend",
            hint="build it against the headers of the kernel that loads it",
        )


def _make(work: Path, workshop: Workshop, tools: Toolchain, source: DriverSource) -> None:
    workshop.report(f"drivers: {source.name}, for Linux {tools.kernel.version}")
    inside = tools.kernel.source
    if source.path is not None:
        staged = driver_source.stage(Path(source.path), work / "source", any_version=source.any_version)
        inside = f"/build/source/{staged.name}"
    patches = [Path(patch) for patch in source.patches]
    # The order is in the names; two patches of one name may come from two folders.
    copied = work / "patches"
    copied.mkdir()
    for number, patch in enumerate(patches):
        (copied / f"{number:02}-{patch.name}").write_bytes(patch.read_bytes())
    hooks = [
        'mkdir "$1/build"',
        f"copy-in {shlex.quote(str(_RECIPE / 'drivers.sh'))} "
        f"{shlex.quote(str(shipped.folder('guestside') / 'mkbuildtree'))} {shlex.quote(str(copied))} /build",
        *([f"copy-in {shlex.quote(str(work / 'source'))} /build"] if source.path else []),
        f'chroot "$1" sh /build/drivers.sh {shlex.quote(tools.kernel.headers)} {shlex.quote(inside)}',
        f"copy-out /build/out {shlex.quote(str(work))}",
    ]
    try:
        run_inside(tools, work, "drivers", hooks)
    except ImageError as error:
        raise _told(error, work, source) from error
    found: dict[str, Module] = {}
    for path in sorted((work / "out").iterdir()):
        path.rename(work / path.name)
        if path.suffix == ".ko":
            found[path.stem] = parse_module((work / path.name).read_bytes(), path.name)
    (work / "out").rmdir()
    facts = {
        "kernel": tools.kernel.release,
        "kernel version": tools.kernel.version,
        "source": source.name,
        "source digest": source.digest,
        "patches": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in patches},
        "modules": {name: {"build_id": each.build_id, "vermagic": each.vermagic} for name, each in found.items()},
    }
    (work / _FACTS).write_text(json.dumps(facts, indent=1) + "\n")


def _told(error: ImageError, work: Path, source: DriverSource) -> ImageError:
    """Return what went wrong in words of the source: what mkbuildtree refused, or the compiler's first error."""
    lines = (work / "drivers.log").read_text(errors="replace").splitlines()
    for mark in ("mkbuildtree: ", ": error: ", "ERROR: modpost: "):
        for line in lines:
            if mark in line:
                said = line.partition(mark)[2] if mark == "mkbuildtree: " else line
                said = said.replace("say --any-version", "say `any_version: true` of a folder")
                return ImageError(f"drivers of {source.name}: {said.replace('/build/', '')}", hint=error.hint)
    return error


def _read(part: Path, kernel: Kernel, value: str) -> DriverBuild:
    modules = json.loads((part / _FACTS).read_text())["modules"]
    return DriverBuild(
        value,
        kernel.release,
        tuple(sorted((name, str(each["build_id"])) for name, each in modules.items())),
        str(part),
    )
