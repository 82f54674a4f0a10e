"""Commits to a store. In: a store and releases built on this machine. Out: releases that readers see whole or not at all.

admit      may this store be published to?           claim      a version number, ours alone
pointer    versions.json, the head                   upload     files, created and read back
history    what happened before the window           commit     complete, then visible; what the answer means
withdraw   rollback and yank                         derive     what is rebuilt from releases alone, area by area
manifest   what is known of derived objects          area       one pass over an area
verify     every object against its hash             gc         what dead runs left behind
"""

from publisher.commit.admit import admit
from publisher.commit.claim import Claim, claim
from publisher.commit.commit import CONTEST, WINDOW, Lost, commit, settle
from publisher.commit.pointer import Entry, Head, read_head

__all__ = ["CONTEST", "WINDOW", "Claim", "Entry", "Head", "Lost", "admit", "claim", "commit", "read_head", "settle"]
