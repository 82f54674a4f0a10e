"""Everything that can go wrong and is not a finding. In: what happened, where, how to mend it. Out: one line for people.

    PublisherError                 exit code
    ├── UsageError                 2   wrong use or configuration: a setting, an option, a descriptor, a rule that is itself wrong
    │   └── ProjectError           2   a file of the project cannot be used: schema, query, check, descriptor
    ├── InvalidData                1   the data has findings; carries the report
    ├── Superseded                 3   another publisher read its sources later and won
    ├── SourceError                4   a table could not be read from where it comes from: unreachable, refused, cut, changed under the read
    ├── StoreError                 4   the store failed: unreachable, refused, damaged
    │   ├── NotFound               4   an object that must be there is not
    │   ├── PreconditionFailed     4   HTTP 412: somebody else created or replaced the object first
    │   ├── Conflict               4   HTTP 409: the store asks for the same request again
    │   ├── AccessDenied           4   credentials missing, wrong or without the right
    │   ├── Unavailable            4   no answer, a 5xx or a cut one: the request may or may not have taken effect
    │   └── Damaged                4   bytes read back differ from what was sent or promised
    ├── OutcomeUnknown             5   whether the release became visible cannot be told; nothing was deleted
    └── GateRefused                6   a release gate refused what would have been published

A finding about data is a value (see findings.py), never an exception of its own.
"""

from __future__ import annotations

from typing import ClassVar


class PublisherError(Exception):
    """Root of the tree. `message` says what and where, `remedy` how to mend it (may be empty)."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  {self.remedy}" if self.remedy else self.message


class UsageError(PublisherError):
    """Wrong use or configuration."""


class ProjectError(UsageError):
    """A file of the project cannot be used; the message begins with its path."""


class InvalidData(PublisherError):
    """The data has findings. `report` is the findings.Report that says which."""

    exit_code = 1

    def __init__(self, message: str, report: object, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.report = report

    def __reduce__(self) -> tuple[type[InvalidData], tuple[str, object, str]]:
        """Exceptions are sent from one process to another as what they were made of."""
        return type(self), (self.message, self.report, self.remedy)


class Superseded(PublisherError):
    """Another publisher, whose sources were read later, published first."""

    exit_code = 3


class SourceError(PublisherError):
    """A table could not be read from where it comes from. What was published before stays; the next run tries again."""

    exit_code = 4


class StoreError(PublisherError):
    """The store failed."""

    exit_code = 4


class NotFound(StoreError):
    """An object or bucket that must be there is not."""


class PreconditionFailed(StoreError):
    """A conditional write lost: the object exists already, or has changed since it was read."""


class Conflict(StoreError):
    """The store could not decide between simultaneous writes and asks for the same request again."""


class AccessDenied(StoreError):
    """Credentials are missing, wrong, expired or lack the right."""


class Unavailable(StoreError):
    """No answer, a cut answer or a 5xx: a write may or may not have taken effect."""


class Damaged(StoreError):
    """Bytes read from the store differ from what its records promise."""


class OutcomeUnknown(PublisherError):
    """Whether the release became visible cannot be told. Nothing was deleted; the next run heals."""

    exit_code = 5


class GateRefused(PublisherError):
    """A release gate refused the release; nothing became visible."""

    exit_code = 6
