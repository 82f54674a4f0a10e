"""Signatures are OpenSSH's: what we sign ssh-keygen verifies, what it signs we verify, and nothing else passes."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publisher.errors import UsageError
from publisher.signing import check, load_signer, read_signers
from tests.tools import require

KEYGEN = shutil.which("ssh-keygen") or ""
WHO = "open-data@example.org"
MESSAGE = b"0" * 64 + b"  members.csv\n"
NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)


def keygen(*arguments: str, message: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([KEYGEN, *arguments], input=message, capture_output=True, check=False)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    require(bool(KEYGEN), "no ssh-keygen here")
    path = tmp_path / "key"
    assert keygen("-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)).returncode == 0
    return path


def allowed(key: Path, options: str = "") -> str:
    return f"{WHO} {options} {key.with_suffix('.pub').read_text().strip()}\n"


def test_ssh_keygen_verifies_what_we_sign(key: Path, tmp_path: Path) -> None:
    signature, signers = tmp_path / "m.sig", tmp_path / "allowed"
    signature.write_bytes(load_signer(key.read_text()).sign(MESSAGE))
    signers.write_text(allowed(key))
    given = ["-Y", "verify", "-f", str(signers), "-I", WHO, "-n", "file", "-s", str(signature)]
    assert keygen(*given, message=MESSAGE).returncode == 0
    assert keygen(*given, message=MESSAGE + b"x").returncode != 0


def test_we_verify_what_ssh_keygen_signs_and_sign_alike(key: Path) -> None:
    made = keygen("-Y", "sign", "-f", str(key), "-n", "file", message=MESSAGE).stdout
    assert check(made, MESSAGE, read_signers(allowed(key), "allowed"), NOW) == ""
    assert load_signer(key.read_text()).sign(MESSAGE) == made
    assert load_signer(key.read_text()).fingerprint.encode() in keygen("-l", "-f", str(key)).stdout


def test_everything_else_is_refused(key: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    keygen("-q", "-t", "ed25519", "-N", "", "-f", str(other))
    signature, signers = load_signer(key.read_text()).sign(MESSAGE), read_signers(allowed(key), "allowed")
    assert "not that of this file" in check(signature, MESSAGE + b"x", signers, NOW)
    assert "not among those allowed" in check(load_signer(other.read_text()).sign(MESSAGE), MESSAGE, signers, NOW)
    for damaged in (b"", b"\xff", signature[:-60], signature.replace(b"SSH SIGNATURE", b"PGP SIGNATURE")):
        assert "cannot be read" in check(damaged, MESSAGE, signers, NOW)
    git = keygen("-Y", "sign", "-f", str(key), "-n", "git", message=MESSAGE).stdout
    assert "cannot be read" in check(git, MESSAGE, signers, NOW)


@pytest.mark.parametrize(
    ("options", "good"),
    [
        ('valid-before="20261125"', True),
        ('valid-before="20261124060000Z"', False),
        ('valid-after="20261124060000Z"', True),
        ('namespaces="git,file",valid-after="20261125Z"', False),
    ],
)
def test_a_key_counts_while_it_is_valid(key: Path, options: str, good: bool) -> None:
    signature = load_signer(key.read_text()).sign(MESSAGE)
    said = check(signature, MESSAGE, read_signers(allowed(key, options), "allowed"), NOW)
    assert (said == "") is good
    assert good or "was not valid on 2026-11-24" in said


@pytest.mark.parametrize(
    "text", ["", "# nobody", WHO, f"{WHO} ssh-ed25519", f"{WHO} ssh-ed25519 ???", f"{WHO} ssh-rsa AAAA"]
)
def test_a_list_that_allows_nobody_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="allowed"):
        read_signers(text, "allowed")


def test_moments_that_are_none(key: Path) -> None:
    with pytest.raises(UsageError, match="20261399"):
        read_signers(allowed(key, 'valid-before="20261399"'), "allowed")


def test_an_unfit_key_is_told_and_never_quoted(tmp_path: Path) -> None:
    require(bool(KEYGEN), "no ssh-keygen here")
    rsa, locked = tmp_path / "rsa", tmp_path / "locked"
    keygen("-q", "-t", "ecdsa", "-N", "", "-f", str(rsa))
    keygen("-q", "-t", "ed25519", "-N", "a passphrase", "-f", str(locked))
    for text in (rsa.read_text(), locked.read_text(), "-----BEGIN canary-----"):
        with pytest.raises(UsageError) as caught:
            load_signer(text)
        assert text.splitlines()[-1] not in str(caught.value)
