"""Unattended publishing. In: the schedules packages declare, a clock, a store that replicas share. Out: attempts, told in status.json."""

from publisher.scheduler.process import Ended, Job, write_ended
from publisher.scheduler.record import record_attempt
from publisher.scheduler.rules import Rule, Schedule, read_schedule
from publisher.scheduler.slots import deadlines, is_due, next_slot

__all__ = [
    "Ended",
    "Job",
    "Rule",
    "Schedule",
    "deadlines",
    "is_due",
    "next_slot",
    "read_schedule",
    "record_attempt",
    "write_ended",
]
