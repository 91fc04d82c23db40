"""Whether this process may run threads that deliver."""

from __future__ import annotations

import sys

from django.core import mail


def may_start() -> bool:
    """False in a test run, whose transactions no other thread would see, and in a uWSGI without threads."""
    return not is_test_run() and not _is_uwsgi_without_threads()


def is_test_run() -> bool:
    """Django's and pytest's runners both replace the mailbox, as documented for ``django.core.mail.outbox``."""
    return hasattr(mail, "outbox")


def _is_uwsgi_without_threads() -> bool:
    uwsgi = sys.modules.get("uwsgi")  # exists only inside a uWSGI process
    options = getattr(uwsgi, "opt", {})
    return uwsgi is not None and not (options.get("enable-threads") or options.get("threads"))
