"""The way to a machine over SSH, as OpenSSH goes it. Host keys are always checked, nothing ever asks for a password.

here = ssh.local(home, os.environ)
way = ssh.route(host, inventory.hosts, ssh.configuration(home, os.environ, print), here)
with ssh.connect(*way) as transport:
    transport.run(Command(("xl", "info")))
"""

from pvbench.ssh.config import config_text, configuration, names, speaks_of
from pvbench.ssh.interactive import stream, terminal
from pvbench.ssh.keys import new_key
from pvbench.ssh.login import offered
from pvbench.ssh.openssh import Answer, Ask, NotThere, Question, asker
from pvbench.ssh.route import Step, direct, leads_elsewhere, local, resolve, route
from pvbench.ssh.session import connect

__all__ = [
    "Answer",
    "Ask",
    "NotThere",
    "Question",
    "Step",
    "asker",
    "config_text",
    "configuration",
    "connect",
    "direct",
    "leads_elsewhere",
    "local",
    "names",
    "new_key",
    "offered",
    "resolve",
    "route",
    "speaks_of",
    "stream",
    "terminal",
]
