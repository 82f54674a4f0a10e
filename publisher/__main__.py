"""`python -m publisher`, the same as `publisher`."""

from publisher.cli import main

main()
