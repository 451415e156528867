"""Who paid for a cell's I/O, as a page shows it: CPU time for one I/O or byte, and by payer. Pure."""

from pvbench import figures as fmt
from pvbench.explain.cpu_bill import Bill, within
from pvbench.model import Payer
from pvbench.reports.exits_explained import INCONSISTENT
from pvbench.reports.host_words import HostWords
from pvbench.reports.mechanism_page import BillView, Part

PAYERS = {
    Payer.GUEST: "guest",
    Payer.DEVICE_MODEL: "model",
    Payer.BACKEND: "backend",
    Payer.PEER: "peer",
    Payer.HOST: "host",
    Payer.OTHERS: "others",
    Payer.IDLE: "idle",
}
COSTS_NOTHING = (Payer.IDLE, Payer.OTHERS)
GIB = 1 << 30


def bill_view(bill: Bill, words: HostWords, *, by_bytes: bool) -> BillView:
    """Return the bill of a cell; its figure is for a GiB where `by_bytes`, else for a million I/Os."""
    paid = dict(bill.paid)
    used = sum(seconds for payer, seconds in paid.items() if payer not in COSTS_NOTHING)
    unit = ((bill.moved_bytes or 0) / GIB if by_bytes else (bill.ios or 0) / 1e6) if bill.consistent else 0.0

    def per(number: float | None) -> str:
        return (_seconds(used / number) if bill.consistent else INCONSISTENT) if number else fmt.NOT_MEASURED

    return BillView(
        per_gib=per(bill.moved_bytes and bill.moved_bytes / GIB),
        per_million=per(bill.ios and bill.ios / 1e6),
        per_io=fmt.brief(used / bill.ios) if bill.ios and bill.consistent else "",
        host=_percent(bill.host_share) if bill.host_share is not None else fmt.NOT_MEASURED,
        shares=tuple(
            Part(words.payer(payer), share, _percent(share), PAYERS[payer])
            for payer in Payer
            for share in (_of(paid[payer], bill.wall_s * bill.cpus),)
        ),
        accounted=f"{min(bill.accounted, 1.0) * 100:.1f} %" if bill.consistent else INCONSISTENT,
        figure=tuple(
            Part(words.payer(payer), paid[payer] / unit, _seconds(paid[payer] / unit), PAYERS[payer])
            for payer in Payer
            if unit and paid[payer] and payer not in COSTS_NOTHING
        ),
        total=_seconds(used / unit) if unit else "" if bill.consistent else INCONSISTENT,
    )


def _of(seconds: float, whole: float) -> float:
    return seconds / whole if whole else 0.0


def _seconds(seconds: float) -> str:
    return f"{fmt.significant(seconds)} s" if seconds else "0 s"


def _percent(share: float) -> str:
    if not within(share):
        return INCONSISTENT
    share = min(share, 1.0)
    return f"{share * 100:.0f} %" if share == 0 or share >= 0.095 else f"{share * 100:.1f} %"
