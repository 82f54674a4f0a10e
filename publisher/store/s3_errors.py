"""What an S3 server's refusal means. In: its error code and HTTP status. Out: one of errors.py, with the remedy.

412 lost, 404 on a condition lost too, 409 ask again, 5xx and cut answers unknown: this is the only place that decides it.
"""

from __future__ import annotations

from publisher.errors import (
    AccessDenied,
    Conflict,
    NotFound,
    PreconditionFailed,
    PublisherError,
    StoreError,
    Unavailable,
)

CREDENTIALS = "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN or AWS_PROFILE; `doctor` tries them."
HANDED_OUT = (
    "What hands out the credentials (a role of this machine or container, single sign-on) did not: check that and the network, or set "
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
)

_REFUSED = {
    "InvalidAccessKeyId": "This access key is not known to the server. " + CREDENTIALS,
    "SignatureDoesNotMatch": "The secret key does not fit the access key. " + CREDENTIALS,
    "ExpiredToken": "The credentials have expired: get new ones and run this again; what was uploaded is kept and used.",
    "ExpiredTokenException": "The credentials have expired: get new ones and run this again; what was uploaded is kept and used.",
    "TokenRefreshRequired": "The credentials have expired: get new ones and run this again; what was uploaded is kept and used.",
    "InvalidToken": "The session token is not valid. " + CREDENTIALS,
    "RequestTimeTooSkewed": "Set this machine's clock: the server's differs by more than it allows.",
    "AccountProblem": "The account is blocked; ask the provider.",
    "AllAccessDisabled": "The bucket is blocked; ask the provider.",
    "MethodNotAllowed": "The bucket or object is locked against this.",
}
_AGAIN = {"ConditionalRequestConflict", "OperationAborted"}
_UNKNOWN = {
    "RequestTimeout", "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "InternalError",
    "ServiceUnavailable", "BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody",
}  # fmt: skip
_REGION = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"}
_FULL = {"QuotaExceeded", "EntityTooLarge", "InsufficientStorage", "XMinioStorageFull"}


def explain(what: str, code: str, status: int, message: str) -> PublisherError:
    """`what` begins the message: where and what was tried."""
    text = f"{what}: {message or code or 'no reason given'}" + (f" ({code})" if message and code else "")
    if code == "NoSuchBucket":
        return StoreError(f"{what}: there is no such bucket", "Create the bucket, or correct the target.")
    if code in _FULL or status == 507:
        return StoreError(text, "Make room in the bucket or raise its quota, then run this again.")
    if code in _AGAIN:
        return Conflict(text, "Run this again.")
    if code in _UNKNOWN or (status >= 500 and status != 501) or status == 429:
        return Unavailable(text, "The server has trouble; run this again later.")
    if code in _REFUSED or status in {401, 403, 405}:
        return AccessDenied(text, _REFUSED.get(code) or f"These credentials may not do that. {CREDENTIALS}")
    if code in _REGION:
        return StoreError(text, "Set AWS_REGION to the bucket's region.")
    if status == 412 or code == "PreconditionFailed":
        return PreconditionFailed(text)
    if status == 404:
        return NotFound(text)
    if status == 409:
        return Conflict(text, "Run this again.")
    return StoreError(text, "Run `doctor`: it tries what this server can do.")
