"""Clients, their secrets and tokens, and what a token allows (``http-api.md`` §2, §3)."""
