"""What a run begins with: its manifest."""

from datetime import datetime
from pathlib import Path

from pvbench.campaign.campaign import Campaign, Site
from pvbench.campaign.facts import guest_facts, setups, stack
from pvbench.disturbance import DISTURBED_ABOVE
from pvbench.store import SCHEMA_VERSION, Manifest, new_run_id
from pvbench.version import VERSION


def begin(campaign: Campaign, site: Site, now: datetime, salt: str) -> Manifest:
    """Return the manifest of a run that begins now; `salt` tells it from others of the same second."""
    matrix = campaign.matrix
    return Manifest(
        schema=SCHEMA_VERSION,
        run_id=new_run_id(now, Path(campaign.matrix_name).stem, salt),
        tool_version=VERSION,
        started=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        command=campaign.command,
        matrix_name=campaign.matrix_name,
        matrix_text=matrix.text,
        matrix_digest=matrix.digest,
        placement=matrix.placement,
        blocks=matrix.run.blocks,
        seed=matrix.run.seed,
        contrasts=matrix.contrasts,
        hosts=site.facts,
        guest=guest_facts(site.guest, site.own_guests),
        stack=stack(site.facts, site.stacks),
        plan=campaign.plan.trials,
        vcpus=matrix.guest.vcpus,
        purpose=campaign.purpose,
        disturbed_above=DISTURBED_ABOVE,
        setups=setups(site.hosts, site.facts),
    )
