"""The key that releases are signed with. In: the environment. Out: Signer, or None.

`PUBLISHER_SIGNING_KEY` holds an OpenSSH private key or the path of one; it is no setting, since settings are files that people read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.errors import UsageError
from publisher.project.files import read_text
from publisher.project.settings import Settings

if TYPE_CHECKING:
    from publisher.signing import Signer

VARIABLE = "PUBLISHER_SIGNING_KEY"


def read_signer(settings: Settings, environment: Mapping[str, str]) -> Signer | None:
    """The key, which must be among the project's `signers`. Raises UsageError, which never quotes it."""
    given = environment.get(VARIABLE, "")
    if not given.strip():
        return None
    try:
        # cryptography is an extra, and takes 0.1 s to import.
        from publisher.signing import load_signer, read_signers
    except ImportError as error:
        raise UsageError(
            f"{VARIABLE} is set, and this installation cannot sign", "Install `publisher[sign]`."
        ) from error
    signer = load_signer(given if given.lstrip().startswith("-----") else read_text(Path(given)))
    if not settings.signers or signer.public not in {
        item.key for item in read_signers("\n".join(settings.signers), "signers")
    }:
        raise UsageError(
            f"the signing key {signer.fingerprint} is not among the project's `signers`, so nobody could check what it signs",
            'Add a line such as "open-data@example.org ssh-ed25519 AAAA..." to `signers` under [tool.publisher].',
        )
    return signer
