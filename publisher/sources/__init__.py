"""Tables that come from elsewhere: the web, buckets, databases, an inbox. In: a package as declared. Out: the same with local files.

bring     read all origins into the cache           page, bucket, database, inbox: one module a kind
accept    dropped files were published              cache: what was read before
refuse    dropped files were not, and why
"""

from publisher.sources.bring import Brought, bring
from publisher.sources.dropped import accept, refuse
from publisher.sources.outside import Outside

__all__ = ["Brought", "Outside", "accept", "bring", "refuse"]
