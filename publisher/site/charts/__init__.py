"""Charts as SVG made at build time. In: a declared chart, rows. Out: Drawing: SVG for wide and narrow places, and the table twin.

Own small drawings: no Python library was found that gives text as text, colours by style sheet, a dark form and mirroring (docs/site.md).
"""
