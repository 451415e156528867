"""What a host keeps of the stacks that were deployed onto it: their manifests, below its scratch folder."""

from pvbench.errors import CommandFailed, StackError
from pvbench.stack.manifest import StackManifest, dumps, loads
from pvbench.transport import Command, Transport

_LAST = "manifest.json"
_MODE = 0o1600  # hostside/pvb_record.py says what the sticky bit is for
_FORGET = 'cd -- "$1" 2>/dev/null || exit 0; rm -f -- manifest.json manifest-*.json'


def keep(transport: Transport, scratch: str, manifest: StackManifest) -> None:
    """Write a manifest to the host: by its name, and as the one deployed last. Its folder is there."""
    folder = _folder(scratch)
    made = transport.run(Command(("mkdir", "-p", "-m", "700", "--", folder)))
    if made.exit_code != 0:
        raise StackError(f"{transport.name}: {folder}: {made.stderr.decode(errors='replace').strip()}")
    for name in (f"manifest-{manifest.name}.json", _LAST):
        transport.put(dumps(manifest).encode(), f"{folder}/{name}", _MODE)


def deployed(transport: Transport, scratch: str, name: str | None = None) -> StackManifest | None:
    """Return the manifest of the stack that was deployed last, or of that name; None where there is none."""
    path = f"{_folder(scratch)}/{f'manifest-{name}.json' if name else _LAST}"
    try:
        text = transport.get(path).decode(errors="replace")
    except CommandFailed:
        return None
    return loads(text, f"{transport.name}:{path}")


def forget(transport: Transport, scratch: str) -> None:
    """Remove every manifest from the host."""
    transport.run(Command(("sh", "-c", _FORGET, "pvbench-forget", _folder(scratch))))


def _folder(scratch: str) -> str:
    return f"{scratch.rstrip('/')}/stack"
