"""A run goes on with what it began with, or says what changed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pvbench.campaign import manifests, resume
from pvbench.campaign.campaign import Campaign, Site
from pvbench.errors import ResumeRefused
from pvbench.guest import BootDisk, GuestImage, Login
from pvbench.inventory import Host
from pvbench.matrix import load
from pvbench.model import Emulation, HostFacts

MATRIX = """\
schema: 1
hosts: [xen1]
devices: {net: [e1000, netfront]}
placement: coexist
workloads:
  - netperf: {test: TCP_RR, runtime: 1s, warmup: 1s}
run: {blocks: 2, seed: 7}
compare: {baseline: {net: e1000}}
"""
FACTS = HostFacts("xen1", Emulation.SOFTWARE, "lab", "Xen 4.17.5", "Linux 6.1", "EPYC", 2, 1 << 32, 0.05)
CAMPAIGN = Campaign(load(MATRIX, name="m.yaml"), "m.yaml")
SITE = Site(
    {"xen1": Host("xen1", address="192.0.2.1")},
    (FACTS,),
    GuestImage("builtin", "d19e57", BootDisk("boot.img", "boot.rom"), Login("")),
)


def test_a_run_goes_on_where_everything_is_as_it_was() -> None:
    manifest = manifests.begin(CAMPAIGN, SITE, datetime(2026, 1, 1, tzinfo=UTC), "salt")

    resume.check(manifest, CAMPAIGN, SITE)


@pytest.mark.parametrize(
    ("campaign", "site", "named"),
    [
        (replace(CAMPAIGN, matrix=load(MATRIX.replace("seed: 7", "seed: 8"), name="m.yaml")), SITE, "the matrix"),
        (CAMPAIGN, replace(SITE, guest=replace(SITE.guest, digest="other")), "the guest image"),
        (CAMPAIGN, replace(SITE, facts=(replace(FACTS, hypervisor="Xen 4.20"),)), "the host xen1's hypervisor"),
        (CAMPAIGN, replace(SITE, hosts={"xen1": Host("xen1", address="192.0.2.2")}), "the host xen1's address"),
    ],
)
def test_a_run_does_not_go_on_when_its_set_up_changed(campaign: Campaign, site: Site, named: str) -> None:
    manifest = manifests.begin(CAMPAIGN, SITE, datetime(2026, 1, 1, tzinfo=UTC), "salt")

    with pytest.raises(ResumeRefused, match=named):
        resume.check(manifest, campaign, site)
