"""The two files of an entry: weights with codes, and a card that has their checksum. Neither is taken without the
other.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as tensors_of
from safetensors.torch import save as bytes_of
from torch import Tensor

from vae_lib.checks import InputError, as_path, require

HOME = Path(__file__).parent / "models"


def home_of(folder: str | os.PathLike | None) -> Path:
    """The folder of the entries: the library's own where none is given; `~` stands for the reader's home."""
    return HOME if folder is None else as_path(folder, "folder")


def paths(home: Path, name: str) -> tuple[Path, Path]:
    """Where the weights and the card of `name` lie."""
    return home / f"{name}.safetensors", home / f"{name}.json"


def read(name: str, folder: str | os.PathLike | None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors as they are stored, and the card. Raises InputError for an absent file and for two that do not match."""
    weights, card_file = paths(home_of(folder), name)
    option = "" if folder is None else f' --folder "{folder}"'
    advice = f"restore it, or make it anew with `python -m vae_lib.zoo train {name}{option}`."
    try:
        content, card = weights.read_bytes(), json.loads(card_file.read_bytes())
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read ({error.strerror}); {advice}") from error
    except ValueError as error:  # not JSON, or not text
        raise InputError(f"{card_file} is not a whole card; {advice}") from error
    _require_match(name, content, card, f"{weights} does not match its card {card_file.name}; {advice}")
    return tensors_of(content), card


def write(home: Path, name: str, tensors: dict[str, Tensor], card: dict[str, Any]) -> None:
    """The weights carry the card in their header, so that neither can be changed without the other."""
    weights, card_file = paths(home, name)
    content = bytes_of(tensors, metadata={"card": json.dumps(card)})
    card = {**card, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    weights.write_bytes(content)
    card_file.write_text(as_text(card), encoding="utf-8")


def as_text(card: dict[str, Any]) -> str:
    """A card as JSON for people: a line for each entry, and one for each list of numbers."""
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    return re.sub(r"\[([-\d.,\s]+)\]", lambda found: "[" + " ".join(found[1].split()) + "]", text)


def _require_match(name: str, content: bytes, card: object, message: str) -> None:
    """The card is of `name` and has the checksum of the weights, whose header repeats the rest of the card."""
    require(isinstance(card, dict) and card.get("name") == name, message)
    require(card.get("sha256") == hashlib.sha256(content).hexdigest(), message)
    try:
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        inner = json.loads(header["__metadata__"]["card"])
        tensors_of(content)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:  # a checksum of something else
        raise InputError(message) from error
    require(card == {**inner, "bytes": len(content), "sha256": card["sha256"]}, message)
