"""What must not be published. In: schemas, text. Out: which columns are private, what looks like personal data or a secret.

columns    private columns: declared by the schema, left behind before anything is derived
sensitive  e-mail addresses, telephone numbers, account numbers, keys and passwords, by their form
"""

from publisher.privacy.columns import (
    FIELD_KEYS,
    WITHHELD,
    check_allowed,
    check_privacy,
    disclosed,
    private_fields,
    private_names,
    public_package,
    public_resource,
    settings_of,
    withholds,
)
from publisher.privacy.sensitive import KINDS, PERSONAL, SECRETS, allowed_in, kinds_of

__all__ = [
    "FIELD_KEYS",
    "KINDS",
    "PERSONAL",
    "SECRETS",
    "WITHHELD",
    "allowed_in",
    "check_allowed",
    "check_privacy",
    "disclosed",
    "kinds_of",
    "private_fields",
    "private_names",
    "public_package",
    "public_resource",
    "settings_of",
    "withholds",
]
