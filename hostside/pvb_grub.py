#!/usr/bin/env python3
"""pvb_grub - GRUB on a host: its programs, its settings, its environment, the entries of grub.cfg. Imported by others.

CHANGES       grub.cfg, where it is told to have it made anew, and grubenv
REQUIREMENTS  Python 3.6; GRUB 2 with grub-mkconfig and grub-editenv, or grub2-… as Fedora and openSUSE call them
OVERHEAD      grub-mkconfig starts some hundred short processes
UNDONE        by whoever imports it

What is read of grub.cfg is what grub-mkconfig writes: an entry begins with `menuentry` or `submenu` at the begin of a
line, has its id behind $menuentry_id_option or --id, and ends with a line of one brace.
"""

import os
import re
import shlex
import shutil

import pvb_record
import pvb_step
from pvb_step import Refused

SETTINGS = "/etc/default/grub.d"
SAFE = re.compile(r"[A-Za-z0-9_=,:./+@%~ -]*\Z")  # nothing that GRUB, or the shell that writes its file, takes apart
UNWRITABLE = ("btrfs", "cpiofs", "newc", "odc", "romfs", "squash4", "tarfs", "zfs")
# $1 is the root, $2 a variable's name. The two functions are there for Debian's xen.cfg, as in grub-mkconfig.
READ = """
grub_warn() { :; }
gettext() { printf %s "$1"; }
for file in "$1"/etc/default/grub "$1"/etc/default/grub.d/*.cfg; do
  [ ! -e "$file" ] || . "$file" >/dev/null 2>&1
done
eval "printf %s \\"\\$$2\\""
"""


class Entry:
    """A menu entry: its way down as [(id, title)…], the files that it boots."""

    def __init__(self, way, body):
        self.way, self.id = way, ">".join(name for name, _ in way)
        words = [line.split() for line in body]
        self.xen = first(words, ("multiboot2", "multiboot", "xen_hypervisor"))
        self.kernel = first(
            words, ("module2", "module", "xen_module") if self.xen else ("linux", "linuxefi", "linux16")
        )


def first(lines, commands):
    """Return the name of the file that the first of these commands loads; "" where there is none."""
    for words in lines:
        if len(words) > 1 and words[0] in commands and not words[1].startswith("--"):
            return words[1].rsplit("/", 1)[-1]
    return ""


def entries(text):
    """Return the entries of a grub.cfg, submenus gone into."""
    found, way, inside = [], [], None
    for line in text.splitlines():
        bare, indent = line.strip(), len(line) - len(line.lstrip())
        if inside is not None:
            if bare == "}" and indent <= inside[0]:
                found.append(Entry([*way, inside[1]], inside[2]))
                inside = None
            else:
                inside[2].append(bare)
        elif bare.startswith("menuentry ") and bare.endswith("{"):
            inside = (indent, named(bare), [])
        elif bare.startswith("submenu ") and bare.endswith("{"):
            way.append(named(bare))
        elif bare == "}" and way:
            way.pop()
    return found


def named(line):
    """Return the id and the title of an entry by its first line; one without an id is known by its title."""
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    title = words[1]
    for at, word in enumerate(words[:-1]):
        if word in ("$menuentry_id_option", "--id"):
            return words[at + 1], title
    return title.replace(">", ">>"), title


def resolve(found, default):
    """Return the entry that GRUB takes for a default such as "0", "1>2", an id or a title; None where there is none."""
    for depth, part in enumerate(re.split(r"(?<!>)>(?!>)", default)):
        items = []
        for each in found:
            if len(each.way) > depth and each.way[depth] not in items:
                items.append(each.way[depth])
        if part.isdigit():
            chosen = items[int(part)] if int(part) < len(items) else None
        else:
            chosen = next((item for item in items if part.replace(">>", ">") in item or part in item), None)
        found = [each for each in found if len(each.way) > depth and each.way[depth] == chosen]
    return found[0] if found else None


class Grub:
    """The GRUB of one host."""

    def __init__(self, step):
        self.step = step
        self.name = next((name for name in ("grub", "grub2") if step.has(name + "-mkconfig")), "")
        self.folder = "/boot/grub2" if not os.path.isdir(step.at("/boot/grub")) else "/boot/grub"
        self.config, self.environment = self.folder + "/grub.cfg", self.folder + "/grubenv"

    def missing(self):
        """Return a sentence that says why this host's boot loader is no GRUB that pvbench can set; or nothing."""
        if not self.name:
            return "there is no grub-mkconfig here: pvbench sets boot entries by GRUB 2 alone"
        if not os.path.exists(self.step.at(self.config)):
            return f"there is no {self.config}: this host is not booted by GRUB 2"
        if "default/grub.d" not in self.script():
            return f"this host's {self.name}-mkconfig reads no /etc/default/grub.d, where pvbench puts its settings"
        return ""

    def script(self):
        """Return grub-mkconfig itself, a script of the shell."""
        try:
            with open(shutil.which(self.name + "-mkconfig", path=pvb_step.path()), errors="replace") as file:
                return file.read()
        except (OSError, TypeError):
            return ""

    def unwritable(self):
        """Return a sentence that says why GRUB itself cannot write its environment at boot; or nothing."""
        for target, bad in (("abstraction", None), ("fs", UNWRITABLE)):
            code, out, _ = self.step.ask(self.name + "-probe", "--target=" + target, self.step.at(self.folder))
            names = out.split()
            if code == 0 and (names if bad is None else set(names) & set(bad)):
                where = f"{self.folder} lies on {names[0]}, which GRUB cannot write"
                return f"{where}: an entry to be booted once would be booted again and again"
        return ""

    def regenerate(self):
        """Have grub.cfg made anew, whole or not at all: grub-mkconfig writes over the one that the next boot needs."""
        place = os.path.realpath(self.step.at(self.config))
        made = place + ".pvbench"
        try:
            self.step.run(self.name + "-mkconfig", "-o", made)
            pvb_record.replace(place, made)
        finally:
            for each in (made, made + ".new"):
                if os.path.exists(each):
                    os.unlink(each)

    def entries(self):
        """Return the entries there are."""
        return entries(self.step.text(self.config) or "")

    def variables(self):
        """Return GRUB's saved environment as a dictionary."""
        text = self.step.text(self.environment) or ""
        return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))

    def set(self, **values):
        """Set variables of GRUB's saved environment; None takes one out."""
        program, path = self.name + "-editenv", self.step.at(self.environment)
        if not os.path.exists(path):
            self.step.run(program, path, "create")
        for name, value in values.items():
            self.step.run(program, path, *(["unset", name] if value is None else ["set", f"{name}={value}"]))
        os.sync()

    def setting(self, name):
        """Return what the host's files set a variable of grub-mkconfig to; "" where they do not."""
        code, out, _ = self.step.ask("sh", "-c", READ, "sh", self.step.root, name)
        return out if code == 0 else ""

    def older_than(self, path):
        """Say whether grub.cfg was made before a file that it depends on was last written."""
        try:
            return os.stat(self.step.at(self.config)).st_mtime < os.stat(self.step.at(path)).st_mtime
        except OSError:
            return True


def regenerate(step):
    """Have grub.cfg made anew where there is a GRUB."""
    grub = Grub(step)
    if not grub.missing():
        grub.regenerate()


def checked(words, what):
    """Return words of a command line. Raises Refused where a character of them means something to GRUB or a shell."""
    if not SAFE.match(words):
        raise Refused(
            f"{what} {words!r} has a character that GRUB would take apart", "letters, digits and _=,:./+@%~- only"
        )
    return words
