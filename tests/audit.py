"""Known weaknesses of what we depend on: `python -m tests.audit`. In: constraints.txt. Out: what pip-audit says; exit code 1 for any.

Where the advisories cannot be reached, that is said, and nothing fails: a laptop on a train must still pass `make check`.
"""

from __future__ import annotations

import json
import subprocess
import sys

from tests.tools import ROOT

SECONDS = 120


def main() -> int:
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(ROOT / "constraints.txt")]
    options = ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    try:
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=SECONDS)
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, subprocess.TimeoutExpired):
        print("audit: the advisories cannot be reached from here; nothing was compared")
        return 0
    read = [item for item in found if "skip_reason" not in item]
    if not read:
        print("audit: the advisories cannot be reached from here; nothing was compared")
        return 0
    weak = [(item, advisory) for item in read for advisory in item.get("vulns", ())]
    for item, advisory in weak:
        fixed = ", ".join(advisory.get("fix_versions", ())) or "no version yet"
        print(f"audit: {item['name']} {item['version']}: {advisory['id']}, mended in {fixed}")
    print(f"audit: {len(read)} of {len(found)} pinned packages compared with known advisories, {len(weak)} found")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
