"""Canonical bytes and their hashes. In: plain JSON values, files. Out: bytes that are equal wherever the values are, sha256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CHUNK = 1 << 20
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical_json(value: Any) -> bytes:
    """Sorted keys, no white space, UTF-8, no NaN: the form that is hashed. Raises ValueError for NaN and infinities."""
    return _ENCODER.encode(value).encode()


def readable_json(value: Any) -> bytes:
    """The form that is published: keys in the order given, two spaces, UTF-8, no NaN, a final newline."""
    return (json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def readable_item(value: Any) -> str:
    """A value as it stands in a list that is a member of a published document, without comma."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    return "    " + text.replace("\n", "\n    ")


def readable_list(document: Mapping[str, Any], name: str, items: Sequence[str]) -> bytes:
    """What readable_json makes of a document whose member `name` is a list, given as the texts that readable_item made, so that a
    list of a thousand needs no making again where one of them changed."""
    body = readable_json({**document, name: []}).decode()
    if not items:
        return body.encode()
    empty = f"\n  {json.dumps(name)}: []"
    before, _, after = body.partition(empty)
    return "".join([before, empty[:-1], "\n", ",\n".join(items), "\n  ]", after]).encode()


def sha256_bytes(data: bytes) -> str:
    """Lower-case hexadecimal sha256."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Lower-case hexadecimal sha256 of a file, read in chunks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_hash(value: Any) -> str:
    """Identity of a plain JSON value: `sha256:` and the hash of its canonical form. Framing is JSON's, so no two values meet."""
    return "sha256:" + sha256_bytes(canonical_json(value))
