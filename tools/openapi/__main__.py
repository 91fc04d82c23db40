"""Writes ``engine/server/openapi.yaml`` and ``openapi.html`` anew."""

from tools.openapi.document import PLACE, text
from tools.openapi.page import PAGE, page

PLACE.write_text(text(), encoding="utf-8")
PAGE.write_text(page(), encoding="utf-8")
