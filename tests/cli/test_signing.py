"""Releases that are signed, as publishers and readers see it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.program import publisher
from tests.tools import require


@pytest.fixture
def key(tmp_path: Path) -> Path:
    keygen = shutil.which("ssh-keygen")
    require(keygen is not None, "no ssh-keygen here")
    assert keygen is not None
    path = tmp_path / "key"
    subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)
    return path


def signers(key: Path) -> str:
    return f"open-data@example.org {key.with_suffix('.pub').read_text().strip()}"


def test_publish_sign_verify_pull(project: Path, key: Path, tmp_path: Path) -> None:
    variables = {"PUBLISHER_SIGNING_KEY": str(key), "PUBLISHER_SIGNERS": signers(key)}
    unsigned = publisher(project, "publish", "--quiet")
    assert (unsigned.returncode, unsigned.stderr) == (0, "")
    table = project / "datasets" / "global-alliance" / "members.csv"
    table.write_text(table.read_text().replace(",Albania,", ",Albania (corrected),", 1))
    said = publisher(project, "publish", **variables | {"PUBLISHER_SIGNING_KEY": key.read_text()})
    assert said.returncode == 0
    release = project / "public" / "global-alliance" / "v" / "1.0.1"
    allowed = project / "public" / "allowed_signers"
    assert allowed.read_text() == signers(key) + "\n"
    command = ["ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "open-data@example.org", "-n", "file", "-s"]
    sums = (release / "SHA256SUMS").read_bytes()
    assert (
        subprocess.run([*command, release / "SHA256SUMS.sig"], input=sums, check=False, capture_output=True).returncode
        == 0
    )
    assert publisher(project, "verify", **variables).returncode == 0
    checked = publisher(project, "verify", "--signature", **variables)
    assert checked.returncode == 4
    assert "1.0.0/SHA256SUMS.sig: missing: the release is not signed" in checked.stderr
    place = str(project / "public" / "global-alliance")
    pulled = publisher(project, "pull", place, str(tmp_path / "copy"), "--signers", str(allowed))
    assert (pulled.returncode, pulled.stderr) == (0, "")
    refused = publisher(project, "pull", place, str(tmp_path / "old"), "--version", "1.0.0", "--signers", str(allowed))
    assert refused.returncode == 4
    assert "it is not signed" in refused.stderr


def test_a_key_that_nobody_could_check_is_refused(project: Path, key: Path) -> None:
    ran = publisher(project, "publish", PUBLISHER_SIGNING_KEY=str(key))
    assert ran.returncode == 2
    assert "not among the project's `signers`" in ran.stderr
    ran = publisher(project, "publish", PUBLISHER_SIGNING_KEY="-----BEGIN OPENSSH PRIVATE KEY-----\ncanary\n")
    assert ran.returncode == 2
    assert "canary" not in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (project / "public").exists()
