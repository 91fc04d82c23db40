"""A client of any Playlyfe v2 server. Works without Django settings; see :mod:`.client`."""

from django_playlyfe.client.client import PlaylyfeClient
from django_playlyfe.client.exchange import Answer
from django_playlyfe.client.limits import Limits, page_limits
from django_playlyfe.client.tokens import EncryptedSeal, SignedSeal
from django_playlyfe.client.watchdog import calls_in_line

__all__ = ["Answer", "EncryptedSeal", "Limits", "PlaylyfeClient", "SignedSeal", "calls_in_line", "page_limits"]
