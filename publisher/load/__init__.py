"""From source files to bytes that can be read. In: a package whose files are here. Out: hashes of what decides a release; plain files."""

from publisher.load.inputs import load, tool_version
from publisher.load.large import has_large, parted
from publisher.load.plain import Plain, make_plain

__all__ = ["Plain", "has_large", "load", "make_plain", "parted", "tool_version"]
