"""Telling people when something changed. In: changes of a package's status. Out: webhooks called, mails sent, each once.

notice    which changes are worth a word      words     what is said
channels  webhooks and mail                   ledger    what was said, kept in the store for all replicas
teller    all of it, for whoever runs jobs: told of every Change, raising nothing
"""

from publisher.alerts.teller import Teller, open_teller

__all__ = ["Teller", "open_teller"]
