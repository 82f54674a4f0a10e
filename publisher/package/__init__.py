"""From tables to the files of a release, and back from a published release to what it says.

    release.write_canonical, release.build     Tables in, canonical CSVs and a Release out
    descriptor.identity                        Tables and canonical CSVs in, the identity of the content out
    published, metadata                        a published release in, its documents and rows out

Nothing is imported here: who only reads releases need not wait for frictionless, which writing them takes.
"""
