"""Draws the stock images that the engine ships: ``python -m tools.draw_stock_images``. Needs Pillow.

One flat shape on a round ground for each; drawn large, and scaled down for every size that a client may ask for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

PLACE = Path(__file__).resolve().parent.parent / "django_playlyfe" / "engine" / "stock_images"
SIZES = {"large": 512, "medium": 256, "small": 128, "icon": 32}
"""Longest side in pixels (``http-api.md`` §8)."""
_CANVAS = 1024
_PAPER = (255, 255, 255, 255)

Draw = ImageDraw.ImageDraw


def _point(draw: Draw) -> None:
    """A coin."""
    draw.ellipse((262, 262, 762, 762), outline=_PAPER, width=64)
    draw.rectangle((480, 392, 544, 632), fill=_PAPER)


def _set(draw: Draw) -> None:
    """A shelf of nine."""
    for column in range(3):
        for row in range(3):
            left, top = 282 + column * 168, 282 + row * 168
            draw.rounded_rectangle((left, top, left + 124, top + 124), 24, fill=_PAPER)


def _state(draw: Draw) -> None:
    """Stairs."""
    for step in range(4):
        left = 272 + step * 124
        draw.rounded_rectangle((left, 640 - step * 112, left + 108, 752), 16, fill=_PAPER)


def _item(draw: Draw) -> None:
    """A star."""
    corners = []
    for corner in range(10):
        angle, reach = math.pi * (corner / 5 - 0.5), 300 if corner % 2 == 0 else 126
        corners.append((512 + reach * math.cos(angle), 526 + reach * math.sin(angle)))
    draw.polygon(corners, fill=_PAPER)


def _game(draw: Draw) -> None:
    """A die that shows five."""
    draw.rounded_rectangle((272, 272, 752, 752), 96, outline=_PAPER, width=60)
    for x, y in ((404, 404), (620, 404), (512, 512), (404, 620), (620, 620)):
        draw.ellipse((x - 42, y - 42, x + 42, y + 42), fill=_PAPER)


def _action(draw: Draw) -> None:
    """A triangle, as on a button that plays."""
    draw.polygon([(402, 282), (402, 742), (772, 512)], fill=_PAPER)


STOCK: dict[str, tuple[str, Callable[[Draw], None]]] = {
    "default-point-metric": ("#b7791f", _point),
    "default-set-metric": ("#6b46c1", _set),
    "default-state-metric": ("#2b6cb0", _state),
    "default-item": ("#c05621", _item),
    "default-game": ("#2f855a", _game),
    "default-set-action": ("#b83280", _action),
}
"""Id of the image (``engine.md`` §14.4) -> its ground and what is on it."""


def draw_all(place: Path = PLACE) -> None:
    """Write every image in every size into a folder."""
    place.mkdir(parents=True, exist_ok=True)
    for name, (ground, draw) in STOCK.items():
        canvas = Image.new("RGBA", (_CANVAS, _CANVAS), (0, 0, 0, 0))
        pen = ImageDraw.Draw(canvas)
        pen.ellipse((16, 16, _CANVAS - 16, _CANVAS - 16), fill=ground)
        draw(pen)
        for size, side in SIZES.items():
            small = canvas.resize((side, side), Image.Resampling.LANCZOS)
            small.quantize(64).save(place / f"{name}.{size}.png", optimize=True)


if __name__ == "__main__":
    draw_all()
