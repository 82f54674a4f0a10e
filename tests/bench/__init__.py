"""Measurements: what the publisher takes, beside its peers.

Processes that are measured keep their compiled modules, as those of an installed package do, whatever the shell says.
"""

import os

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
