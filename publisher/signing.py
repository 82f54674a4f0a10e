"""Signatures of SHA256SUMS. In: an Ed25519 key in OpenSSH's form, bytes. Out: a signature, or whose it is.

Signatures are OpenSSH's own (SSHSIG, PROTOCOL.sshsig in its source), so that readers check them without anything of ours:

    ssh-keygen -Y verify -f allowed_signers -I open-data@example.org -n file -s SHA256SUMS.sig < SHA256SUMS

Who may sign stands in a file of ssh-keygen's ALLOWED SIGNERS form; a key that is replaced stays there with `valid-before`, so that what it
signed until then remains good. Only this module imports cryptography.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import shlex
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from publisher.errors import UsageError

NAMESPACE = "file"
"""What ssh-keygen signs and verifies files under."""

_KIND = b"ssh-ed25519"
_MAGIC = b"SSHSIG"
_HASH = b"sha512"
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_WIDTH = 70
_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?Z?")


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key. It is shown nowhere."""

    _key: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """The public key, as SSH writes it."""
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return _strings(_KIND, raw)

    @property
    def fingerprint(self) -> str:
        """SHA256:..., of the public key, as `ssh-keygen -l` shows it."""
        return _fingerprint(self.public)

    def sign(self, message: bytes) -> bytes:
        """The signature of a message; the same every time."""
        made = self._key.sign(_to_sign(message, _HASH))
        blob = (
            _MAGIC + struct.pack(">I", 1) + _strings(self.public, NAMESPACE.encode(), b"", _HASH, _strings(_KIND, made))
        )
        text = base64.b64encode(blob).decode()
        lines = [text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH)]
        return "\n".join([_BEGIN, *lines, _END, ""]).encode()

    def __repr__(self) -> str:
        return f"Signer({self.fingerprint})"


@dataclass(frozen=True, slots=True)
class Allowed:
    """Somebody who may sign: names, public key (as SSH writes it), and between which moments."""

    principals: str
    key: bytes
    after: datetime | None = None
    before: datetime | None = None


def load_signer(text: str) -> Signer:
    """A private key as `ssh-keygen -t ed25519 -N ''` writes it. Raises UsageError, which never quotes it."""
    remedy = "Make one with `ssh-keygen -t ed25519 -N '' -f signing_key` and give that file."
    try:
        key = load_ssh_private_key(text.strip().encode() + b"\n", password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError("the signing key is not an OpenSSH private key without a passphrase", remedy) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError("the signing key is not an Ed25519 key", remedy)
    return Signer(key)


def read_signers(text: str, where: str) -> tuple[Allowed, ...]:
    """An allowed-signers file. Lines of other kinds of keys, of other namespaces and of certificate authorities do not count. Raises
    UsageError for a line that cannot be read and for a file that allows nobody."""
    found = tuple(
        item for number, line in enumerate(text.splitlines(), 1) for item in _signer(line, f"{where}, line {number}")
    )
    if not found:
        raise UsageError(
            f"{where}: nobody may sign", "Write a line such as `open-data@example.org ssh-ed25519 AAAA...`."
        )
    return found


def check(signature: bytes, message: bytes, signers: Sequence[Allowed], at: datetime) -> str:
    """What is wrong with a signature of a message that was made at a moment; "" where nothing is."""
    try:
        key, signed = _parse(signature)
    except (ValueError, struct.error, binascii.Error) as error:
        return f"the signature cannot be read: {error}"
    known = [item for item in signers if item.key == key]
    if not known:
        return f"signed by a key that is not among those allowed ({_fingerprint(key)})"
    if not any(
        (item.after is None or at >= item.after) and (item.before is None or at < item.before) for item in known
    ):
        return f"signed by {known[0].principals} with a key that was not valid on {at:%Y-%m-%d}"
    try:
        Ed25519PublicKey.from_public_bytes(_split(key)[1]).verify(signed, _to_sign(message, _HASH))
    except (InvalidSignature, ValueError):
        return "the signature is not that of this file"
    return ""


def _fingerprint(key: bytes) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def _strings(*parts: bytes) -> bytes:
    """SSH's encoding of byte strings, one after the other (RFC 4251, section 5)."""
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def _split(blob: bytes) -> list[bytes]:
    parts = []
    while blob:
        (size,) = struct.unpack(">I", blob[:4])
        if len(blob) < 4 + size:
            raise ValueError("it ends too early")
        parts.append(blob[4 : 4 + size])
        blob = blob[4 + size :]
    return parts


def _to_sign(message: bytes, name: bytes) -> bytes:
    return _MAGIC + _strings(NAMESPACE.encode(), b"", name, hashlib.new(name.decode(), message).digest())


def _parse(signature: bytes) -> tuple[bytes, bytes]:
    """The public key and the raw signature. Raises ValueError, struct.error."""
    text = signature.decode("ascii").strip()
    if not (text.startswith(_BEGIN) and text.endswith(_END)):
        raise ValueError("it is not an SSH signature")
    blob = base64.b64decode("".join(text[len(_BEGIN) : -len(_END)].split()), validate=True)
    if blob[:6] != _MAGIC or blob[6:10] != struct.pack(">I", 1):
        raise ValueError("it is not an SSH signature of version 1")
    key, namespace, _, name, inner = _split(blob[10:])
    kind, made = _split(inner)
    if (namespace, name, kind, _split(key)[0]) != (NAMESPACE.encode(), _HASH, _KIND, _KIND):
        raise ValueError("it is not an Ed25519 signature of a file over SHA-512")
    return key, made


def _signer(line: str, where: str) -> Iterator[Allowed]:
    text = line.strip()
    if not text or text.startswith("#"):
        return
    parts = text.split()
    kind = next((index for index, part in enumerate(parts) if part.startswith(("ssh-", "ecdsa-", "sk-"))), 0)
    if not kind or kind + 1 >= len(parts):
        raise UsageError(f"{where}: is not a line of an allowed-signers file", "See `man ssh-keygen`, ALLOWED SIGNERS.")
    options = _options(" ".join(parts[1:kind]), where)
    namespaces = options.get("namespaces", NAMESPACE).split(",")
    if parts[kind].encode() != _KIND or NAMESPACE not in namespaces or "cert-authority" in options:
        return
    try:
        key = base64.b64decode(parts[kind + 1], validate=True)
    except binascii.Error as error:
        raise UsageError(f"{where}: the key is not base64", "Copy it from the .pub file.") from error
    after, before = (
        _moment(options[name], where) if name in options else None for name in ("valid-after", "valid-before")
    )
    yield Allowed(parts[0], key, after, before)


def _options(text: str, where: str) -> dict[str, str]:
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " ,", True, ""
    try:
        pairs = [item.partition("=") for item in lexer]
    except ValueError as error:
        raise UsageError(f"{where}: its options cannot be read: {error}", "Quote values with double quotes.") from error
    return {name.lower(): value for name, _, value in pairs}


def _moment(text: str, where: str) -> datetime:
    """YYYYMMDD[HHMM[SS]][Z]. Without a Z ssh-keygen takes the machine's own time; here it is UTC, so that all machines agree."""
    found = _TIME.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        return datetime(*(int(part or 0) for part in found.groups()), tzinfo=UTC)  # type: ignore[misc, arg-type]  # six numbers
    except ValueError as error:
        raise UsageError(f"{where}: {text!r} is no moment", "Write YYYYMMDD or YYYYMMDDHHMMSSZ.") from error
