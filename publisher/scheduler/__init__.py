"""Unattended publishing. In: the schedules packages declare, a clock, a store that replicas share. Out: attempts, told in status.json."""

from publisher.scheduler.rules import Rule, Schedule, read_schedule
from publisher.scheduler.slots import deadlines, is_due, next_slot

__all__ = ["Rule", "Schedule", "deadlines", "is_due", "next_slot", "read_schedule"]
