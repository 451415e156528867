"""Rows that there are not: what somebody writes to add a device or a tunable. Tests add them to copied tables."""

NIC = """
    Driver(
        name="e1000e",
        kind=_NET,
        io_path=_EMULATED,
        platforms=_XEN,
        modules=("e1000e",),
        bound=("e1000e",),
        server=Server.DEVICE_MODEL,
        backend="device model",
        model="e1000e",
    ),
"""
TUNABLE = """
    Tunable(
        "staging_grants",
        "Grants that a PV NIC keeps for staging.",
        Whole(0, 256),
        Applied.MODULE,
        _NET,
        pv=True,
        parameter=Parameter("staging"),
    ),
"""
