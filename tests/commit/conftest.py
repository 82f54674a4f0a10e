"""The stores that these tests run on."""

from tests.servers.fixtures import ceph, moto, place, quick_folder, shared_place

__all__ = ["ceph", "moto", "place", "quick_folder", "shared_place"]
