"""Reading uploaded images, and the images that every game has (``http-api.md`` §8, ``engine.md`` §14.4)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django_playlyfe.engine.refusals import invalid
from django_playlyfe.exceptions import ConfigurationError

if TYPE_CHECKING:
    from PIL.Image import Image

ORIGINAL = "original"
SIDES: Mapping[str, int] = {"large": 512, "medium": 256, "small": 128, "icon": 32}
"""Longest side of the other sizes, in pixels. Nothing is ever enlarged."""
SIZES = (ORIGINAL, *SIDES)

STOCK = (
    "default-point-metric",
    "default-set-metric",
    "default-state-metric",
    "default-item",
    "default-game",
    "default-set-action",
)
"""Ids of the images that ship with the engine; ``tools/draw_stock_images.py`` drew them."""

LARGEST_FILE = 2 * 1024 * 1024
"""Bytes of an upload."""
LONGEST_SIDE = 2048
"""Pixels of what is kept as the original: a few bytes can unfold to an image of any size."""
_MOST_PIXELS = 40_000_000
_FORMATS = ("PNG", "JPEG")
_STOCK_FILES = Path(__file__).resolve().parent / "stock_images"


def read_upload(content: bytes, path: str = "/file") -> dict[str, bytes]:
    """An uploaded image in every size.

    Args:
        content: PNG or JPEG, at most :data:`LARGEST_FILE` bytes.
        path: where it came from, for the report.

    Returns:
        Size -> PNG without metadata, turned as its camera was held. Small images are the same in several sizes.

    Raises:
        InvalidRequest: it is too large, or neither PNG nor JPEG.
        ConfigurationError: Pillow is not installed.
    """
    if len(content) > LARGEST_FILE:
        raise invalid(path, f"should have at most {LARGEST_FILE} bytes", code="MAXIMUM")
    image = _open(content, path)
    files = {ORIGINAL: _scaled(image, LONGEST_SIDE)}
    for size, side in SIDES.items():
        files[size] = _scaled(image, side)
    return files


@cache
def stock_image(image_id: str, size: str) -> bytes:
    """An image of :data:`STOCK` in one of :data:`SIZES`, as PNG."""
    drawn = "large" if size == ORIGINAL else size
    return (_STOCK_FILES / f"{image_id}.{drawn}.png").read_bytes()


def _open(content: bytes, path: str) -> Image:
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise ConfigurationError(
            'Uploaded images are read with Pillow, which is not installed: pip install "django-playlyfe[images]"'
        ) from error
    try:
        image = Image.open(io.BytesIO(content), formats=_FORMATS)  # reads the head alone
        is_sane = image.width * image.height <= _MOST_PIXELS
        plain = _plain(ImageOps.exif_transpose(image)) if is_sane else None
    except Exception:  # decoders have many ways to stumble over the bytes of a stranger
        raise invalid(path, "should be an image in PNG or JPEG", code="INVALID_FORMAT") from None
    if plain is None:
        raise invalid(path, f"should have at most {_MOST_PIXELS} pixels", code="MAXIMUM")
    return plain


def _plain(image: Image) -> Image:
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    plain = image.convert("RGBA" if has_alpha else "RGB")
    plain.info.clear()  # comments, profiles, the place where a photo was taken
    return plain


def _scaled(image: Image, side: int) -> bytes:
    smaller = image.copy()
    smaller.thumbnail((side, side))
    written = io.BytesIO()
    smaller.save(written, "PNG")
    return written.getvalue()
