"""Writes ``engine/server/openapi.yaml`` anew."""

from tools.openapi.document import PLACE, text

PLACE.write_text(text(), encoding="utf-8")
