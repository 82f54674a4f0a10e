"""The doors to object storage. In: a target such as `public`, `s3://bucket/prefix`. Out: a Store (see store/base.py)."""
