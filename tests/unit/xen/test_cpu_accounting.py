"""Who used the CPUs, from two looks of the host."""

import pytest

from pvbench.disturbance import stolen
from pvbench.errors import ParseError
from pvbench.model import Payer
from pvbench.xen.cpu_accounting import bill, disturbance, foreign_load, foreign_programs, throttled, unbalanced

S = 1_000_000_000
BEFORE = {
    "at": 100 * S,
    "domains": {"0": 50 * S, "7": 9 * S},
    "idle": [60 * S, 80 * S],
    "threads": {"633": ["device model", "qemu-system-i38", 4 * S], "91": ["backend", "7.xvde-0", S]},
}
AFTER = {
    "at": 110 * S,
    "domains": {"0": 56 * S, "7": 12 * S},
    "idle": [63 * S, 87 * S + S // 2],
    "threads": {
        "633": ["device model", "qemu-system-i38", 6 * S],
        "91": ["backend", "7.xvde-0", 2 * S],
        "800": ["peer", "iperf3", S // 2],
    },
}


def test_every_payer_is_charged_what_it_used_between_the_looks() -> None:
    found = bill(BEFORE, AFTER, 7, ios=400, moved_bytes=1 << 20)

    assert (10, 2, 400, 1 << 20) == (found.wall_s, found.cpus, found.ios, found.moved_bytes)
    assert dict(found.paid) == {
        Payer.GUEST: 3,
        Payer.DEVICE_MODEL: 2,
        Payer.BACKEND: 1,
        Payer.PEER: 0.5,
        Payer.HOST: 2.5,
        Payer.OTHERS: 0,
        Payer.IDLE: 10.5,
    }
    assert found.unaccounted_s == pytest.approx(0.5)


def test_a_domain_that_is_not_ours_taints_the_trial() -> None:
    busy = AFTER | {"domains": AFTER["domains"] | {"3": 5 * S}}  # type: ignore[operator]

    said = foreign_load(bill(BEFORE, busy, 7, ios=None, moved_bytes=None))

    assert str(said) == "foreign load: other domains used 25% of the host's CPUs"
    assert foreign_load(bill(BEFORE, AFTER, 7, ios=None, moved_bytes=None)) is None


def test_what_else_ran_is_told_as_shares_of_the_hosts_cpus() -> None:
    busy = AFTER | {
        "domains": AFTER["domains"] | {"3": 5 * S},  # type: ignore[operator]
        "threads": AFTER["threads"] | {"55": ["foreign", "md0_resync", 2 * S], "56": ["foreign", "sh", S]},  # type: ignore[operator]
    }

    made = bill(BEFORE, busy, 7, ios=None, moved_bytes=None)

    assert dict(disturbance(made, BEFORE, busy)) == {"other guests": 0.25, "programs of the host": 0.15}


def test_a_cpu_that_went_between_the_looks_and_a_domain_that_did_are_said() -> None:
    fewer = AFTER | {"idle": [63 * S]}
    gone = AFTER | {"domains": {"0": 56 * S}}

    with pytest.raises(ParseError, match="2 CPUs at the first look and 1 at the second"):
        bill(BEFORE, fewer, 7, ios=None, moved_bytes=None)
    with pytest.raises(ParseError, match="domain 7 was gone at the second look"):
        bill(BEFORE, gone, 7, ios=None, moved_bytes=None)


def test_a_guest_that_answers_is_the_peer_and_no_foreign_load() -> None:
    beside = AFTER | {"domains": AFTER["domains"] | {"3": 5 * S}}  # type: ignore[operator]

    found = bill(BEFORE, beside, 7, peer=3, ios=None, moved_bytes=None)

    assert (5.5, 0) == (dict(found.paid)[Payer.PEER], dict(found.paid)[Payer.OTHERS])
    assert foreign_load(found) is None


@pytest.mark.parametrize(("early", "late"), [("kernel", "backend"), ("backend", "kernel")])
def test_a_worker_that_served_the_domain_at_either_look_pays_what_it_used_between_them(early: str, late: str) -> None:
    before, after = (
        look | {"threads": {"44": [role, "kworker/u2:1", used]}}
        for look, role, used in ((BEFORE, early, 90 * S), (AFTER, late, 91 * S))
    )

    assert dict(bill(before, after, 7, ios=None, moved_bytes=None).paid)[Payer.BACKEND] == 1


def test_a_bill_that_does_not_add_up_says_so() -> None:
    lost = AFTER | {"idle": [63 * S, 87 * S]}

    assert (
        str(unbalanced(bill(BEFORE, lost, 7, ios=None, moved_bytes=None)))
        == "CPU bill: 5.0% of the CPUs' time is nobody's"
    )
    assert unbalanced(bill(BEFORE, AFTER, 7, ios=None, moved_bytes=None)) is None


def test_threads_that_ran_on_while_xen_was_asked_do_not_make_dom0_negative() -> None:
    late = AFTER | {"threads": {"633": ["device model", "qemu-system-i38", 20 * S]}}

    assert dict(bill(BEFORE, late, 7, ios=None, moved_bytes=None).paid)[Payer.HOST] == 0


def test_a_program_of_dom0_that_is_none_of_ours_taints_the_trial() -> None:
    threads = {"900": ["foreign", "apt-get", 4 * S], "901": ["foreign", "cron", S // 10]}
    busy = AFTER | {"threads": AFTER["threads"] | threads}  # type: ignore[operator]

    assert str(foreign_programs(BEFORE, busy)) == "foreign load: in dom0 apt-get used 40% of a CPU"
    assert foreign_programs(BEFORE, AFTER) is None
    assert dict(bill(BEFORE, busy, 7, ios=None, moved_bytes=None).paid)[Payer.HOST] == 2.5


def test_a_guest_that_waited_for_a_cpu_taints_the_trial() -> None:
    assert str(stolen(0.12)) == "steal: the guest waited for a CPU of the host 12% of the time"
    assert stolen(0.01) is None
    assert stolen(None) is None


def test_a_host_that_has_become_slower_taints_the_trial() -> None:
    assert str(throttled(2_000, (2_100, 3_000))) == "throttling: the host's CPU took 1.5× as long for a loop as at best"
    assert throttled(2_000, (2_000, 2_200)) is None
