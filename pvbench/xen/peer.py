"""The guest that answers beside the one under test, for workloads between guests."""

from pvbench.errors import BootError
from pvbench.transport import Command, Transport
from pvbench.workloads import Peer, servers
from pvbench.xen import domain_config as domain
from pvbench.xen.programs import last_line


def serve(transport: Transport, nic: domain.Nic, timeout_s: float) -> None:
    """Start the servers of network tests in a guest, on each of its addresses; they end with it."""
    for address in (nic.guest_address, *nic.also):
        for argv in (server.daemon(Peer(address, server.port, address)) for server in servers()):
            done = transport.run(Command(argv, timeout_s=timeout_s))
            if done.exit_code != 0:
                raise BootError(f"the peer guest: {argv[0]}: {last_line(done.stderr or done.stdout)}")
