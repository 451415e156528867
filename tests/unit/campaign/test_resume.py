"""A run goes on with what it began with, or says what changed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pvbench.campaign import manifests, resume
from pvbench.campaign.campaign import Campaign, Site
from pvbench.errors import ResumeRefused
from pvbench.inventory import Host
from pvbench.testing.campaign import MATRIX, SITE, campaign_of
from pvbench.testing.hypervisor import FACTS

CAMPAIGN = campaign_of()


def test_a_run_goes_on_where_everything_is_as_it_was() -> None:
    manifest = manifests.begin(CAMPAIGN, SITE, datetime(2026, 1, 1, tzinfo=UTC), "salt")

    resume.check(manifest, CAMPAIGN, SITE)


@pytest.mark.parametrize(
    ("campaign", "site", "named"),
    [
        (campaign_of(MATRIX.replace("seed: 7", "seed: 8")), SITE, "the matrix"),
        (CAMPAIGN, replace(SITE, guest=replace(SITE.guest, digest="other")), "the guest image"),
        (CAMPAIGN, replace(SITE, facts=(replace(FACTS, hypervisor="Xen 4.20"),)), "the host xen1's hypervisor"),
        (CAMPAIGN, replace(SITE, hosts={"xen1": Host("xen1", address="192.0.2.2")}), "the host xen1's address"),
    ],
)
def test_a_run_does_not_go_on_when_its_set_up_changed(campaign: Campaign, site: Site, named: str) -> None:
    manifest = manifests.begin(CAMPAIGN, SITE, datetime(2026, 1, 1, tzinfo=UTC), "salt")

    with pytest.raises(ResumeRefused, match=named):
        resume.check(manifest, campaign, site)
