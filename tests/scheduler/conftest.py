"""Stores that several writers share."""

from tests.servers.fixtures import ceph, moto, quick_folder, shared_place  # noqa: F401 - asked for by name
