"""The way to a machine over SSH. Host keys are always checked, nothing ever asks for a password.

target, jumps = ssh.route(host, inventory.hosts, ssh.config_text(Path("~/.ssh/config").expanduser()))
with ssh.connect(target, jumps=jumps) as transport:
    transport.run(Command(("xl", "info")))
"""

from pvbench.ssh.config import config_text, resolve, route
from pvbench.ssh.interactive import stream, terminal
from pvbench.ssh.keys import new_key
from pvbench.ssh.session import KNOWN_HOSTS, connect

__all__ = ["KNOWN_HOSTS", "config_text", "connect", "new_key", "resolve", "route", "stream", "terminal"]
