#!/usr/bin/env python3
"""pvb_snapshot - what a host is, as text that can be compared: packages, boot, network, settings, files. Imported.

CHANGES       nothing
REQUIREMENTS  Python 3.6; asks dpkg-query, ip, lvs, systemctl, xl, xenstore-ls, each where it is there
OVERHEAD      every file below FILES is read, a few seconds
UNDONE        nothing to undo

What changes by itself is left out: the tables LEFT_OUT and SYSCTLS_LEFT_OUT say what, and why. /var, /run, /tmp, /root,
/home and /srv are not looked at: logs, caches, locks and people's own files.
"""

import fnmatch
import hashlib
import os
import re
import stat

import pvb_grub

READ = ("/etc", "/boot", "/usr/local")  # contents compared
LISTED = (  # sizes and modes
    *("/usr/lib/modules", "/usr/lib/systemd", "/usr/lib/xen*", "/usr/sbin", "/usr/bin"),
    *("/lib/modules", "/lib/systemd"),  # where /lib is no link
)
LEFT_OUT = {
    "/etc/ld.so.cache": "made anew by any package with a library; the packages themselves are compared",
    "/etc/mtab": "what is mounted is compared by itself",
    "/etc/resolv.conf": "written by DHCP and by VPNs as they come and go",
    "/etc/adjtime": "written when the clock is set",
    "/etc/machine-id": "made at a first boot",
    "/etc/systemd/system/*.dpkg-*": "dpkg's own copies while it works",
    "/etc/apt": "trust and lists of the host's own mirror",
    "/etc/.pwd.lock": "a lock that adduser leaves, empty",
    "/etc/*-": "the copies of passwd, group and shadow before the last change: their originals are compared",
    "/etc/lvm/archive*": "LVM's log of its own commands",
    "/etc/lvm/backup*": "LVM's copy of what lvs tells, compared by itself",
    "/etc/lvm/devices/*": "LVM's cache of devices seen",
    "/boot/grub/fonts*": "copied there by grub-install",
    "/boot/grub/locale*": "copied there by grub-install",
    "/boot/lost+found": "the file system's own",
    "*/modules.*": "indexes that depmod makes of the modules, which are compared",
    "*/__pycache__*": "Python's cache of programs that ran",
    "*.pyc": "Python's cache of programs that ran",
}
BY_NAME = {"initr*": "made anew by packages, and never twice the same: that it is there is compared"}
SYSCTLS_LEFT_OUT = {
    "dev.cdrom.info": "a table of drives, not a setting",
    "fs.*-nr": "counters",
    "fs.*-state": "counters",
    "fs.dentry-state": "counters",
    "fs.file-max": "worked out of memory at boot: Xen gives dom0 less",
    "fs.nr_open": "a limit of the kernel's",
    "fs.inotify.max_user_*": "worked out of memory at boot",
    "fs.epoll.max_user_watches": "worked out of memory at boot",
    "fs.fanotify.max_user_*": "worked out of memory at boot",
    "fs.quota.*": "counters",
    "fs.binfmt_misc.*": "programs register what they can run",
    "kernel.random.*": "random, or a count of it",
    "kernel.ns_last_pid": "a counter",
    "kernel.pty.nr": "a counter",
    "kernel.threads-max": "worked out of memory at boot",
    "kernel.sched_domain.*": "worked out of the CPUs at boot",
    "kernel.perf_event_*": "the kernel lowers them by itself when it is busy",
    "kernel.hostname": "set by DHCP on some hosts",
    "kernel.domainname": "set by DHCP on some hosts",
    "kernel.version": "the kernel's own; what runs is compared as a setting",
    "kernel.osrelease": "the kernel's own; what runs is compared as a setting",
    "kernel.core_modes": "a list, not a setting",
    "kernel.tainted": "modules and warnings set it for the boot",
    "kernel.sg-big-buff": "a driver's own",
    "kernel.seccomp.actions_*": "a list, not a setting",
    "kernel.cap_last_cap": "the kernel's own",
    "kernel.ngroups_max": "the kernel's own",
    "kernel.*_cpumask": "worked out of the CPUs at boot",
    "kernel.watchdog*": "the kernel drops its watchdogs by itself where there are no counters for them",
    "kernel.*nmi_watchdog": "the kernel drops its watchdogs by itself where there are no counters for them",
    "net.netfilter.nf_conntrack_*": "there while connection tracking is loaded; sizes are worked out of memory",
    "net.nf_conntrack_max": "worked out of memory",
    "net.ipv4.tcp_mem": "worked out of memory at boot",
    "net.ipv4.tcp_[rw]mem": "worked out of memory at boot",
    "net.ipv4.udp_mem": "worked out of memory at boot",
    "net.ipv4.tcp_max_*": "worked out of memory at boot",
    "net.ipv4.fib_sync_mem": "worked out of memory",
    "net.ipv4.tcp_fastopen_key": "random",
    "net.ipv4.ip_local_reserved_ports": "programs reserve them",
    "net.ipv6.conf.*.stable_secret": "random",
    "net.ipv[46].neigh.*": "interfaces come and go; those that stay are compared by their addresses",
    "net.ipv[46].route.*": "worked out of memory at boot",
    "net.ipv6.ip6frag_*": "worked out of memory at boot",
    "net.ipv4.ipfrag_*": "worked out of memory at boot",
    "net.ipv4.inet_peer_*": "worked out of memory at boot",
    "net.core.netdev_rss_key": "random",
    "user.max_*": "worked out of memory at boot",
    "vm.*_kbytes": "worked out of memory at boot",
    "vm.lowmem_reserve_ratio": "the kernel's own",
    "vm.stat_refresh": "reading it does something",
    "vm.compact_memory": "cannot be read",
    "xen.*": "there while Xen runs, compared as its domains are",
    "sunrpc.*": "there while NFS is loaded",
    "dev.*": "there while a driver is loaded",
}
MODULES = re.compile(r"xen|.*_netback|.*_blkback")


def left_out(name, table):
    """Say whether a name is in a table, by itself, by a pattern, or below a folder there."""
    return any(fnmatch.fnmatchcase(name, each) or name.startswith(each + "/") for each in table)


def packages(step):
    """Return the packages: {name: version}."""
    if not step.has("dpkg-query"):
        return {}
    columns = "-f=${Package}:${Architecture}\t${db:Status-Abbrev}\t${Version}\n"
    rows = [line.split("\t") for line in step.run("dpkg-query", "-W", columns).splitlines()]
    return {name: f"{status.strip()} {version}" for name, status, version in rows}


def boot_entries(step):
    """Return the entries of GRUB's menu: {id: what it boots}."""
    return {each.id: f"{each.xen} {each.kernel}".strip() for each in pvb_grub.Grub(step).entries()}


def settings(step):
    """Return what boots by default, and what runs."""
    grub = pvb_grub.Grub(step)
    found = {f"grubenv {name}": value for name, value in grub.variables().items()}
    found["kernel"] = step.line("/proc/sys/kernel/osrelease")
    found["hypervisor"] = step.line("/sys/hypervisor/type")
    return found


def links(step):
    """Return the bridges, and what is on them: {name: ports}."""
    folder, found = "/sys/class/net", {}
    for name in names(step, folder):
        if os.path.isdir(step.at(f"{folder}/{name}/bridge")):
            found[name] = " ".join(names(step, f"{folder}/{name}/brif"))
    return found


def names(step, folder):
    """Return what lies in a folder, sorted; nothing where there is none."""
    place = step.at(folder)
    return sorted(os.listdir(place)) if os.path.isdir(place) else []


def addresses(step):
    """Return the addresses that stay: {device and address: scope}; those of the link itself are made by the kernel."""
    found = {}
    for line in step.ask("ip", "-o", "address", "show")[1].splitlines():
        words = line.split()
        if len(words) > 3 and not words[3].startswith("fe80:"):
            found[f"{words[1]} {words[3]}"] = "dynamic" if "dynamic" in words else "static"
    return found


def routes(step):
    """Return the routes of every table: {route: ""}."""
    found = {}
    for family in ("-4", "-6"):
        for line in step.ask("ip", "-o", family, "route", "show", "table", "all")[1].splitlines():
            if not re.search("fe80:|ff00::/8|anycast", line):
                stays = re.sub(r" (expires|metric|hoplimit|pref) \S+| linkdown", "", line)
                found[f"{family} {stays.strip()}"] = "there"
    return found


def sysctls(step):
    """Return the kernel's settings: {name: value}; an interface's own are its bridge's or its driver's."""
    found, top = {}, step.at("/proc/sys")
    for folder, _, files in os.walk(top):
        for file in files:
            path = os.path.join(folder, file)
            name = path[len(top) + 1 :].replace("/", ".")
            if left_out(name, SYSCTLS_LEFT_OUT) or re.match(r"net\.ipv[46]\.conf\.(?!all\.|default\.)", name):
                continue
            try:
                if os.stat(path).st_mode & stat.S_IRUSR:
                    with open(path, errors="replace") as setting:
                        found[name] = " ".join(setting.read(4096).split())
            except OSError:
                continue  # some can be written only, whatever their mode
    return found


def modules(step):
    """Return Xen's modules; udev loads others at each boot as it likes."""
    lines = (step.text("/proc/modules") or "").splitlines()
    return {line.split()[0]: "loaded" for line in lines if MODULES.match(line)}


def loops(step):
    """Return the loop devices that are in use: {name: file}."""
    return {
        name: step.line(f"/sys/block/{name}/loop/backing_file")
        for name in names(step, "/sys/block")
        if os.path.isdir(step.at(f"/sys/block/{name}/loop"))
    }


def volumes(step):
    """Return the logical volumes: {name: size}."""
    if not step.has("lvs"):
        return {}
    lines = step.ask("lvs", "--noheadings", "--separator", "|", "--units", "b", "-o", "vg_name,lv_name,lv_size")[1]
    rows = [line.strip().split("|") for line in lines.splitlines()]
    return {f"{row[0]}/{row[1]}": row[2] for row in rows if len(row) == 3}


def mounts(step):
    """Return what is mounted that is a disk's, or ours: {folder: device and kind}."""
    rows = [line.split(" ") for line in (step.text("/proc/self/mounts") or "").splitlines()]
    return {row[1]: f"{row[0]} {row[2]}" for row in rows if row[0].startswith(("/", "pvbench"))}


def services(step):
    """Return the units that systemd starts, or the scripts of SysV's runlevels: {name: state}."""
    if step.has("systemctl"):
        lines = step.ask("systemctl", "list-unit-files", "--no-legend", "--no-pager")[1].splitlines()
        rows = [line.split() for line in lines]
        return {row[0]: row[1] for row in rows if len(row) > 1 and row[1] in ("enabled", "masked", "enabled-runtime")}
    return {name: "enabled" for name in names(step, "/etc/rc2.d") if name.startswith("S")}


def domains(step):
    """Return the domains but dom0: {name: UUID}."""
    if not step.has("xl") or step.line("/sys/hypervisor/type") != "xen":
        return {}
    found = {}
    for line in step.ask("xl", "list", "-v")[1].splitlines()[1:]:
        words, uuid = line.split(), re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", line)
        if len(words) > 1 and words[1] != "0":
            found[words[0]] = uuid.group(0) if uuid else ""
    return found


def xenstore(step):
    """Return the nodes of xenstore but for those of dom0 itself and of its tools: {path: value}."""
    if not step.has("xenstore-ls") or step.line("/sys/hypervisor/type") != "xen":
        return {}
    lines = step.ask("xenstore-ls", "-f", "/local/domain")[1].splitlines()
    rows = [line.split(" = ", 1) for line in lines if re.match(r"/local/domain/(0/backend/.|[1-9])", line)]
    return {row[0].rstrip(): row[-1] for row in rows}


def files(step):
    """Return the files: {path: size, mode, owner, and for settings the contents' digest}."""
    found = {}
    for tops, read in ((READ, True), (LISTED, False)):
        for place in (each for top in tops for each in pattern(step, top)):
            for folder, below, others in os.walk(place):
                shown = folder[len(step.root) :]
                below[:] = [each for each in below if not left_out(f"{shown}/{each}", LEFT_OUT)]
                for name in below + others:
                    if not left_out(f"{shown}/{name}", LEFT_OUT):
                        found[f"{shown}/{name}"] = described(os.path.join(folder, name), read)
    return found


def pattern(step, top):
    """Return the folders that a pattern names, those behind a link left out: they are found under their own name."""
    parent, name = os.path.split(top)
    place = step.at(parent)
    there = (
        sorted(os.listdir(place))
        if os.path.isdir(place) and os.path.realpath(place) == (place.rstrip("/") or "/")
        else []
    )
    paths = [os.path.join(place, each) for each in there if fnmatch.fnmatchcase(each, name)]
    return [each for each in paths if os.path.isdir(each) and not os.path.islink(each)]


def described(path, read):
    """Return what is compared of a file."""
    facts = os.lstat(path)
    if stat.S_ISLNK(facts.st_mode):
        return f"link to {os.readlink(path)}"
    said = f"{stat.filemode(facts.st_mode)} {facts.st_uid}:{facts.st_gid}"
    if not stat.S_ISREG(facts.st_mode) or left_out(os.path.basename(path), BY_NAME):
        return said
    said += f", {facts.st_size} bytes"
    if read:
        with open(path, "rb") as file:
            said += f", SHA-256 {hashlib.sha256(file.read()).hexdigest()[:16]}"
    return said


KINDS = {
    "package": packages,
    "boot entry": boot_entries,
    "setting": settings,
    "bridge": links,
    "address": addresses,
    "route": routes,
    "sysctl": sysctls,
    "module": modules,
    "loop device": loops,
    "volume": volumes,
    "mount": mounts,
    "service": services,
    "domain": domains,
    "xenstore": xenstore,
    "file": files,
}


def take(step):
    """Return the host as it is: {kind: {name: text}}."""
    return {kind: look(step) for kind, look in KINDS.items()}


def differences(before, after):
    """Return what is not as before: [{"kind", "name", "before", "after"}…]."""
    found = []
    for kind in KINDS:
        was, now = before.get(kind, {}), after.get(kind, {})
        for name in sorted(set(was) | set(now)):
            if was.get(name) != now.get(name) and (kind != "module" or name not in was):
                found.append({"kind": kind, "name": name, "before": was.get(name), "after": now.get(name)})
    return found
