"""By which boot loader a guest came up, and how a word of its kernel's command line is changed in its image. Pure.

Sources: grub-mkconfig's /etc/default/grub as GRUB's manual has it ("Simple configuration"), grubby(8),
Syslinux's menu.txt, Alpine's update-extlinux.conf.
"""

from collections.abc import Collection

GRUB = ("/boot/grub/grub.cfg", "/boot/grub2/grub.cfg")
EXTLINUX = (
    "/boot/extlinux/extlinux.conf",
    "/boot/extlinux.conf",
    "/extlinux.conf",
    "/boot/syslinux/extlinux.conf",
    "/boot/syslinux/syslinux.cfg",
    "/boot/syslinux.cfg",
    "/syslinux.cfg",
)
_SETTINGS = ("/etc/default/grub", "/etc/default/grub.d", "/etc/update-extlinux.conf")
_TOOLS = ("update-grub", "grub2-mkconfig", "grub-mkconfig", "grubby")
SCRIPT = f"""
said=
for file in {" ".join((*GRUB, *EXTLINUX, *_SETTINGS))}; do
    if [ -e "$file" ]; then said="$said $file"; fi
done
for tool in {" ".join(_TOOLS)}; do
    if command -v "$tool" >/dev/null 2>&1; then said="$said $tool"; fi
done
echo "boot_files=$said"
"""
"""Says in the guest which of these files and programs it has; it is root there, for /boot may be closed to others."""


def loader(command_line: str, there: Collection[str]) -> str | None:
    """Return the configuration of the loader that booted a guest; None where that cannot be told."""
    grub, extlinux = (next((path for path in paths if path in there), None) for paths in (GRUB, EXTLINUX))
    if grub and extlinux:  # Syslinux gives the kernel `initrd=` too, GRUB does not
        return extlinux if any(word.startswith("initrd=") for word in command_line.split()) else grub
    return grub or extlinux


def name_of(configuration: str | None) -> str | None:
    """Return what a loader is called."""
    if configuration is None:
        return None
    return "GRUB" if configuration in GRUB else "extlinux"


def way(command_line: str, there: Collection[str], *, add: str = "", remove: str = "") -> str:
    """Return how a word is put on the kernel's command line in an image, and another taken from it."""
    put = f"add `{add}`" if not remove else f"write `{add}` for `{remove}`" if add else f"take `{remove}` out"
    configuration = loader(command_line, there)
    if configuration is None:
        return (
            f"in the image {put} on the kernel's command line: by GRUB in GRUB_CMDLINE_LINUX of /etc/default/grub, "
            "then update-grub or grub2-mkconfig; by extlinux in APPEND of extlinux.conf"
        )
    if configuration in EXTLINUX:
        how = _by_extlinux(put, configuration, there)
    elif "grubby" in there:
        how = (
            f"run `grubby --update-kernel=ALL{f' --remove-args={remove}' * bool(remove)}{f' --args={add}' * bool(add)}`"
        )
    else:
        how = _by_grub(put, configuration, there)
    return f"in the image, which boots by {name_of(configuration)}, {how}"


def _by_grub(put: str, configuration: str, there: Collection[str]) -> str:
    if "/etc/default/grub" not in there and "/etc/default/grub.d" not in there:
        return f"{put} at the end of the `linux` lines of {configuration}"
    files = {"/etc/default/grub": "/etc/default/grub", "/etc/default/grub.d": "a file of /etc/default/grub.d"}
    where = " or ".join(words for path, words in files.items() if path in there)
    if "update-grub" in there:
        return f"{put} in GRUB_CMDLINE_LINUX of {where} and run `update-grub`"
    program = "grub2-mkconfig" if "grub2-mkconfig" in there else "grub-mkconfig"
    return f"{put} in GRUB_CMDLINE_LINUX of {where} and run `{program} -o {configuration}`"


def _by_extlinux(put: str, configuration: str, there: Collection[str]) -> str:
    if "/etc/update-extlinux.conf" in there:
        return f"{put} in default_kernel_opts of /etc/update-extlinux.conf and run `update-extlinux`"
    return f"{put} at the end of the APPEND lines of {configuration}"
