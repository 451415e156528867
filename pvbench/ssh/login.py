"""Logging in: one key after the other, and the sentence that is true of a server that lets none of them in."""

import io
from collections.abc import Sequence

import paramiko
from paramiko.pkey import PublicBlob

from pvbench.clock import Clock
from pvbench.errors import LoginRefused
from pvbench.ssh.agent import Agent, agent
from pvbench.ssh.hostkeys import HostKey
from pvbench.ssh.identities import (
    Credentials,
    Offer,
    Unusable,
    is_certificate,
    offers,
    openssh_text,
    private_text,
)

_KINDS: tuple[type[paramiko.PKey], ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
_ASKED = "keyboard-interactive"


class _AgentKey(paramiko.PKey):
    """A key whose private half stays in an agent."""

    def __init__(self, at: Agent, held: HostKey) -> None:
        self.public_blob = None
        self._at, self._held = at, held

    def asbytes(self) -> bytes:
        return self._held.blob

    def get_name(self) -> str:
        return self._held.kind

    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> bytes:  # type: ignore[override]
        try:
            return self._at.sign(self._held.blob, data, algorithm or "")
        except OSError:
            return b""  # an agent that refuses makes a refused key, not the end of the connection


class _Questions(Exception):
    """The server asks what only a person can answer."""


def log_in(transport: paramiko.Transport, name: str, credentials: Credentials, deadline: float, clock: Clock) -> None:
    """Offer key after key until the server lets us in. Raises LoginRefused, or what a lost connection raises."""
    user, tried, passed_over = credentials.user, list[str](), list[Unusable]()
    accepted, wanted = "", list[str]()
    with agent(credentials.agent) as at:
        for offer in _offers(credentials, at):
            try:
                key = _key(offer, at, credentials.text)
            except Unusable as problem:
                passed_over.append(problem)
                continue
            transport.auth_timeout = max(0.1, deadline - clock.monotonic())
            tried.append(offer.label)
            try:
                wanted = transport.auth_publickey(user, key)
                if not wanted:
                    return
                accepted = offer.label
            except paramiko.BadAuthenticationType as error:
                if not accepted:
                    raise LoginRefused(
                        f"{name}: it takes no public keys from {user}, only {', '.join(error.allowed_types)}",
                        hint="allow PubkeyAuthentication there; pvbench never asks for a password",
                    ) from error
            except paramiko.AuthenticationException as error:
                if clock.monotonic() >= deadline:
                    raise TimeoutError("no answer to the login") from error
                if not transport.is_active():
                    break
            if accepted and "publickey" not in wanted:
                break
    if accepted:
        if not (question := _besides(transport, user, wanted)):
            return
        raise LoginRefused(
            f"{name}: it takes {accepted} from {user} and then wants {question}, which pvbench never gives",
            hint="let the key alone suffice there, for this machine: AuthenticationMethods publickey, in a Match block",
        )
    if not transport.is_active() and len(tried) == 1:
        raise EOFError("it hung up during the login")
    raise _refused(name, credentials, tried, passed_over, hung_up=not transport.is_active())


def offered(credentials: Credentials) -> Sequence[Offer]:
    """Return what would be offered now, in order. Asks the agent which keys it holds, and no other."""
    with agent(credentials.agent) as at:
        return _offers(credentials, at)


def _offers(credentials: Credentials, at: Agent | None) -> Sequence[Offer]:
    if credentials.text is not None:
        return (Offer("the given key", None),)
    try:
        held = at.keys() if at is not None else ()
    except OSError:
        held = ()
    return offers(credentials, held)


def _key(offer: Offer, at: Agent | None, given: str | None) -> paramiko.PKey:
    if offer.held is not None and at is not None:
        key: paramiko.PKey = _AgentKey(at, offer.held)
    elif offer.path is not None:
        key = _private_key(private_text(offer.path, offer.public), str(offer.path))
    elif given is not None:
        key = _private_key(openssh_text(given.encode(), offer.label), offer.label)
    else:
        raise Unusable(f"{offer.label} is a certificate whose private key is nowhere", "name its key too")
    if is_certificate(offer.public) and offer.public is not None:
        key.public_blob = PublicBlob(offer.public.kind, offer.public.blob)
    return key


def _private_key(text: str, what: str) -> paramiko.PKey:
    for kind in _KINDS:
        try:
            return kind.from_private_key(io.StringIO(text))
        except (paramiko.SSHException, ValueError, IndexError):
            continue
    raise Unusable(f"{what} is no private key of type ed25519, ecdsa or rsa", "make one: ssh-keygen -t ed25519")


def _besides(transport: paramiko.Transport, user: str, wanted: Sequence[str]) -> str:
    """Return what the server wants after the key, in words; "" when it asked no question and let us in."""
    asked = list[str]()

    def answer(_title: str, _instructions: str, prompts: Sequence[tuple[str, bool]]) -> list[str]:
        asked.extend(prompt.strip() for prompt, _ in prompts)
        if prompts:  # an empty answer would be a failed attempt on somebody's account
            raise _Questions
        return []

    if _ASKED in wanted and transport.is_active():
        try:
            if not transport.auth_interactive(user, answer):
                return ""
        except (paramiko.SSHException, _Questions, EOFError, OSError):
            pass
        told = f" (it asks: {' / '.join(asked)})" if asked else ""
        return f"a second factor{told}"
    return " or ".join(f"a {each}" if each == "password" else each for each in wanted) or "more"


def _refused(
    name: str, credentials: Credentials, tried: Sequence[str], passed_over: Sequence[Unusable], *, hung_up: bool
) -> LoginRefused:
    user = credentials.user
    if not tried and len(passed_over) == 1:
        return LoginRefused(f"{name}: the key {passed_over[0]}", hint=passed_over[0].mend)
    with_what = f"with {', '.join(tried)}" if tried else "and there is no key to offer (no agent, no key file)"
    besides = f"; passed over: {', '.join(f'{each} ({each.mend})' for each in passed_over)}" if passed_over else ""
    if hung_up:
        return LoginRefused(
            f"{name}: it hung up after {len(tried)} keys, {', '.join(tried)}; servers allow few attempts{besides}",
            hint="name the right key with `key:` in hosts.yaml, or IdentityFile with IdentitiesOnly yes",
        )
    return LoginRefused(
        f"{name}: it does not let {user} in {with_what}{besides}",
        hint=f"name the right key with `key:` in hosts.yaml, or run ssh-copy-id for {user} there",
    )
