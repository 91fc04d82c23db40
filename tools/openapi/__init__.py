"""Writes the server's OpenAPI document: ``python -m tools.openapi``."""
