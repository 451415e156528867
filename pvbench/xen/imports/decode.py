"""Bytes of a configuration → text: whatever the editor of a Xen host has left, UTF-8 or Latin-1, with any line ends."""

from pvbench.xen.imports.words import Place

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))

_OTHERS = {
    "<": "this is XML, as libvirt keeps it: `virsh domxml-to-native xen-xl FILE` makes a configuration for xl of it",
    "(": "this is an S-expression, as xend kept it, and not what a person wrote for xm",
    "{": "this is JSON or a template, not a configuration for xm or xl",
}
"""What else a file of a guest may be, by how it begins."""


def decode(content: bytes, file: str) -> str:
    """Return the text, its lines ended by newlines. Raises ConfigError for what is no text."""
    mark, encoding = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", "utf-8"))
    content = content[len(mark) :]
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        before = text[: text.index("\0")]
        column = len(before) - before.rfind("\n")
        raise Place(file, before.count("\n") + 1, column).problem("a NUL is nothing that a configuration holds")
    begun = text.lstrip()[:1]
    if begun in _OTHERS:
        first = text[: len(text) - len(text.lstrip())].count("\n") + 1
        raise Place(file, first, 1).problem(_OTHERS[begun])
    return text
