"""Pictures that a student pasted into a notebook (nbformat's attachments): pictures only, so many, with names of ours.

What a browser is given is decided by the first bytes of the content, not by what the notebook says that it is.
"""

import base64
import binascii
from typing import Any, NamedTuple
from urllib.parse import quote

MOST_BYTES = 5 << 20  # of one picture
MOST_TOGETHER = 10 << 20  # of one notebook
KINDS = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"))


class Pasted(NamedTuple):
    """The pictures that are kept, as nbformat has attachments, and the text with their new names in it."""

    attachments: dict[str, dict[str, str]]
    text: str
    size: int


def pasted(given: Any, text: str, room: int) -> Pasted:
    """The pictures of a cell, of at most `room` bytes together. In the place of one that is left out stands why."""
    kept: dict[str, dict[str, str]] = {}
    size = 0
    for name, forms in given.items() if isinstance(given, dict) else ():
        kind, content = picture(forms)
        if not isinstance(name, str) or not name:
            continue
        if not kind or len(content) > min(MOST_BYTES, room - size):
            why = "too large" if kind else "not a picture"
            text = renamed(text, name, f"left out: it is {why}")
            continue
        new, size = f"picture{len(kept) + 1}.{kind}", size + len(content)
        text = renamed(text, name, new)
        kept[new] = {f"image/{kind}": base64.b64encode(content).decode()}
        if f"](attachment:{new})" not in text:  # in a tag of HTML, or nowhere
            text += f"\n\n![{new}](attachment:{new})"
    return Pasted(kept, text, size)


def picture(forms: Any) -> tuple[str, bytes]:
    """The kind and the content of an attachment; ("", b"") where it is no picture."""
    for encoded in forms.values() if isinstance(forms, dict) else ():
        lines = encoded if isinstance(encoded, list) else [encoded]
        try:
            content = base64.b64decode("".join(lines), validate=False)
        except (TypeError, ValueError, binascii.Error):
            continue
        kind = next((kind for start, kind in KINDS if content.startswith(start)), "")
        if kind:
            return kind, content
    return "", b""


def renamed(text: str, old: str, new: str) -> str:
    """The text with another name for an attachment, which may stand there as an address is written."""
    for form in dict.fromkeys((quote(old), old)):
        for before, after in (("](", ")"), ('"', '"'), ("'", "'")):
            text = text.replace(f"{before}attachment:{form}{after}", f"{before}attachment:{new}{after}")
    return text


def addresses(attachments: dict[str, dict[str, str]]) -> tuple[str, ...]:
    """The pictures as a page can hold them."""
    return tuple(f"data:{kind};base64,{code}" for forms in attachments.values() for kind, code in forms.items())
