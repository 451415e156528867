#!/usr/bin/env python3
"""pvb_network - what configures an uplink, what it has, and the steps that move it onto a bridge and back. Imported.

CHANGES       nothing by itself
REQUIREMENTS  Python 3.6, iproute2 with JSON (4.14 or later)
OVERHEAD      a few short processes
UNDONE        by the steps that back() returns

An uplink is moved by one batch of ip(8), so that no packet that goes out later finds it half moved.
"""

import glob
import json
import os
import re

from pvb_step import Refused

INTERFACES, MORE = "/etc/network/interfaces", "/etc/network/interfaces.d/*"
BY_HAND = (
    "make the bridge yourself by {}, and name it in stacks.yaml: one that is there and has the uplink is left as it is"
)


def link(step, name, what=""):
    """Return the path of an interface in sysfs."""
    return step.at("/sys/class/net/" + name + what)


def master(step, name):
    """Return the bridge, or whatever else, that an interface is on; "" where it is on none."""
    place = link(step, name, "/master")
    return os.path.basename(os.path.realpath(place)) if os.path.lexists(place) else ""


def fits(step, name, uplink):
    """Say whether the bridge is there and has the uplink."""
    return os.path.isdir(link(step, name, "/bridge")) and os.path.lexists(link(step, name, "/brif/" + uplink))


def refuse(step, name, uplink):
    """Raise Refused where an uplink cannot be moved onto a bridge of that name without harm."""
    if not os.path.lexists(link(step, uplink)):
        there = [each for each in sorted(os.listdir(step.at("/sys/class/net"))) if each != "lo"]
        raise Refused(f"there is no interface {uplink} here", "one of " + ", ".join(there))
    if os.path.lexists(link(step, name)):
        raise Refused(f"there is an interface {name}, and {uplink} is not on it", "name another bridge")
    if os.path.lexists(link(step, uplink, "/wireless")):
        raise Refused(f"{uplink} is a wireless interface: access points take no frames of guests", "use a wired one")
    taken = master(step, uplink)
    if taken == "ovs-system":
        raise Refused(f"{uplink} is on Open vSwitch", BY_HAND.format("ovs-vsctl"))
    if taken:
        raise Refused(f"{uplink} is on {taken} already", f"name {taken} in stacks.yaml, if that is a bridge for guests")
    manager, how = managed(step, uplink)
    if manager != "ifupdown":
        raise Refused(f"{uplink} is configured by {manager}, which pvbench does not change", BY_HAND.format(how))
    methods = [words[3] for _, _, words in stanzas(step, uplink) if words[2] == "inet"]
    if methods != ["static"]:
        how = " and ".join(methods) or "IPv6 alone"
        raise Refused(
            f"{uplink} has its address by {how} in {INTERFACES}: what sees to that would put it back",
            BY_HAND.format("bridge_ports in " + INTERFACES),
        )


def managed(step, uplink):
    """Return (what configures an uplink, how a bridge is made with it)."""
    if stanzas(step, uplink):
        return "ifupdown", INTERFACES
    if glob.glob(step.at("/etc/netplan/*.yaml")):
        return "netplan", "`bridges:` in /etc/netplan"
    if step.has("nmcli") and re.search(f"(?m)^{re.escape(uplink)}:connected", step.ask(*NMCLI)[1]):
        return "NetworkManager", f"nmcli connection add type bridge, and {uplink} as its bridge-slave"
    if os.path.exists(step.at("/etc/sysconfig/network/ifcfg-" + uplink)):
        return "wicked", "/etc/sysconfig/network/ifcfg-BRIDGE with BRIDGE_PORTS"
    if step.has("networkctl") and re.search(rf"(?m)\b{re.escape(uplink)}\b.*\bconfigured", step.ask(*NETWORKCTL)[1]):
        return "systemd-networkd", "a .netdev of Kind=bridge in /etc/systemd/network"
    return "nothing that is known here", "what configures this host's network"


NMCLI = ("nmcli", "-t", "-f", "DEVICE,STATE", "device")
NETWORKCTL = ("networkctl", "--no-legend", "--no-pager")


def stanzas(step, name):
    """Return where ifupdown is told of an interface: [(file, line number from 0, words of the line)…]."""
    found = []
    for path in [INTERFACES, *sorted(each[len(step.root) :] for each in glob.glob(step.at(MORE)))]:
        for at, line in enumerate((step.text(path) or "").splitlines()):
            words = line.split()
            if len(words) > 3 and words[0] == "iface" and words[1] == name:
                found.append((path, at, words))
    return found


def rewritten(text, name, uplink, mac):
    """Return a file of ifupdown's in which the bridge has what the uplink had, and takes the uplink with it."""
    lines, done = [], False
    for line in text.splitlines():
        words = line.split()
        if words[:1] in (["auto"], ["allow-hotplug"]) and uplink in words[1:]:
            others = [word for word in words[1:] if word != uplink]
            lines += [f"auto {name}", *([" ".join([words[0], *others])] if others else [])]
        elif words[:2] == ["iface", uplink] and len(words) > 3:
            lines.append(" ".join(["iface", name, *words[2:]]))
            if not done:
                lines += [f"    {each}" for each in hooks(name, uplink, mac)]
            done = True
        else:
            lines.append(line)
    if f"auto {name}" not in lines:
        lines.insert(0, f"auto {name}")
    return "\n".join([*lines, "", f"iface {uplink} inet manual", ""])


def hooks(name, uplink, mac):
    """Return what ifupdown does with the bridge; by ip(8), so that bridge-utils need not be there."""
    return (
        f"pre-up ip link show dev {name} >/dev/null 2>&1 || ip link add name {name} address {mac} type bridge",
        f"pre-up ip link set dev {uplink} up master {name}",
        f"post-down ip link set dev {uplink} nomaster",
        f"post-down ip link del dev {name}",
    )


def has(step, uplink):
    """Return what an uplink has: {"mac", "mtu", "addresses": [CIDR…], "routes": [words of a route without dev…]}."""
    facts = {"mac": step.line(f"/sys/class/net/{uplink}/address"), "mtu": step.line(f"/sys/class/net/{uplink}/mtu")}
    addresses, routes = [], []
    for family in ("-4", "-6"):
        for each in json.loads(step.run("ip", "-json", family, "address", "show", "dev", uplink) or "[]"):
            for address in each.get("addr_info", ()):
                if address.get("scope") == "global" and not address.get("dynamic"):
                    addresses.append(f"{address['local']}/{address['prefixlen']}")
        for each in json.loads(step.run("ip", "-json", family, "route", "show", "dev", uplink) or "[]"):
            if each.get("protocol") not in ("kernel", "ra") and "dst" in each:
                words = [family, each["dst"]]
                for key, word in (("gateway", "via"), ("prefsrc", "src"), ("metric", "metric")):
                    words += [word, str(each[key])] if key in each else []
                words += ["onlink"] if "onlink" in each.get("flags", ()) else []
                routes.append(words)
    return dict(facts, addresses=addresses, routes=routes)


def forth(name, uplink, facts):
    """Return the batch for ip(8) that makes the bridge and moves what the uplink has onto it."""
    return [
        f"link add name {name} address {facts['mac']} mtu {facts['mtu']} type bridge forward_delay 0",
        f"link set dev {name} up",
        f"link set dev {uplink} master {name}",
        *moved(uplink, name, facts),
    ]


def back(name, uplink, facts):
    """Return the batch for ip(8) that moves it back and removes the bridge."""
    return [f"link set dev {uplink} nomaster", *moved(name, uplink, facts), f"link del dev {name}"]


def moved(here, there, facts):
    """Return the lines that move addresses, and the routes that go with them."""
    lines = []
    for address in facts["addresses"]:
        broadcast = " broadcast +" if ":" not in address else " nodad"
        lines += [f"address del {address} dev {here}", f"address add {address}{broadcast} dev {there}"]
    for family, destination, *words in facts["routes"]:
        # A batch has no -6: ip tells the family by the address.
        where = "::/0" if (family, destination) == ("-6", "default") else destination
        lines.append(" ".join(["route replace", where, *words, "dev", there]))
    return lines
