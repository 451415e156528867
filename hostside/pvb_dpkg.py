#!/usr/bin/env python3
"""pvb_dpkg - what dpkg has installed, and what of a wanted set it lacks. Imported by other programs here.

CHANGES       nothing
REQUIREMENTS  Python 3.6, dpkg
OVERHEAD      one run of dpkg-query
UNDONE        nothing to undo
"""

from pvb_step import Refused

WHOLE = ("ii", "hi", "rc", "un", "pn", "hn")  # dpkg-query(1), db:Status-Abbrev: whole, or not there at all
FORMAT = "-f=${db:Status-Abbrev}\\t${Package}\\t${Version}\\n"


def installed(step):
    """Return {name: (status, version)} of every package that dpkg knows. Raises Refused without dpkg."""
    if not step.has("dpkg"):
        raise Refused(
            "there is no dpkg on this host: pvbench installs Debian packages only",
            "install Xen with this host's own tools; `pvbench doctor` then says what is missing",
        )
    found = {}
    for line in step.run("dpkg-query", "-W", FORMAT).splitlines():
        status, name, version = line.split("\t")
        found[name] = (status.strip(), version)
    return found


def has_files(step, name):
    """Say whether dpkg has files of a package on this host, installed whole or by half."""
    return installed(step).get(name, ("un", ""))[0][1:2] not in ("n", "c")


def there(known, wanted):
    """Say whether a package is installed whole, in that version."""
    status, version = known.get(wanted["name"], ("un", ""))
    return status in ("ii", "hi") and version == wanted["version"]


def refuse_broken(known, ours):
    """Raise Refused where a package that is not ours is installed by half."""
    broken = sorted(name for name, (status, _) in known.items() if status not in WHOLE and name not in ours)
    if broken:
        raise Refused("dpkg has packages installed by half: {}".format(", ".join(broken[:5])), "dpkg --configure -a")


def refuse_upgrades(known, wanted, ours):
    """Raise Refused where another version of an installed package would be replaced: it could not be put back."""
    for each in wanted:
        status, version = known.get(each["name"], ("un", ""))
        if status in ("ii", "hi") and version != each["version"] and each["name"] not in ours:
            raise Refused(
                f"{each['name']} {version} is installed, and {each['version']} is asked for: pvbench could not put the "
                "old one back",
                f"upgrade it yourself first, or have the stack ask for {version}",
            )
