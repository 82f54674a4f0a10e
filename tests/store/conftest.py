"""The stores that these tests run on."""

from tests.servers.fixtures import ceph, moto, place, shared_place

__all__ = ["ceph", "moto", "place", "shared_place"]
