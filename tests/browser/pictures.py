"""Pictures of the page that somebody has looked at and kept, and how a new one is compared with them.

Text is drawn otherwise on every machine, so the kept pictures are small: an eighth of the size, in sixteen greys, and what is compared is how far they are
from each other on average and in their worst part. That sees a panel that is gone, a colour of the wrong theme or a column that moved, and
not another font.

A picture of a whole notebook is as high as its cells, and these are higher or lower with another font. So it has in it where each part begins, and
each part is stretched to the height of the kept one first; a part that is much higher or lower is a difference.

`WEBIPY_LOOK=keep` writes the pictures anew; look at them before they are kept for good.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageChops, ImageStat
from PIL.PngImagePlugin import PngInfo

PICTURES = Path(__file__).parent / "look"
KEEP = os.environ.get("WEBIPY_LOOK") == "keep"
SMALLER = 8
GREYS = 16
MEAN_MOST = 7.0
"""The mean distance of two pictures, of 255; another font on another machine is some 2."""

BLOCKS = 6
BLOCK_HIGH = 16
BLOCK_MOST = 40.0
"""The same for the worst part: a sixth of the width, and some `BLOCK_HIGH` small pixels high."""

STRETCH = 0.15
STRETCH_ROWS = 4
"""How much higher or lower than the kept one a part may be: a share of it, and small pixels."""


def small(picture: bytes) -> Image.Image:
    """A screenshot as it is compared."""
    whole = Image.open(io.BytesIO(picture)).convert("L")
    reduced = whole.resize((max(1, whole.width // SMALLER), max(1, whole.height // SMALLER)), Image.Resampling.BOX)
    return coarse(reduced)


def coarse(picture: Image.Image) -> Image.Image:
    """A grey picture in as many greys as are compared; one that has no more stays as it is."""
    step = 255 / (GREYS - 1)
    return picture.point([round(round(grey / step) * step) for grey in range(256)])


def distances(one: Image.Image, other: Image.Image) -> tuple[float, float]:
    """How far two pictures of one size are from each other: on average, and in the worst part."""
    between = ImageChops.difference(one, other)
    rows = max(BLOCKS, between.height // BLOCK_HIGH)
    wide, high = max(1, between.width // BLOCKS), max(1, between.height // rows)
    corners = [(x * wide, y * high) for x in range(BLOCKS) for y in range(rows)]
    parts = [between.crop((x, y, x + wide, y + high)) for x, y in corners]
    return ImageStat.Stat(between).mean[0], max(ImageStat.Stat(part).mean[0] for part in parts)


def keep(picture: Image.Image, name: str, tops: Sequence[float] = ()) -> None:
    """Writes a small picture over the kept one.

    Args:
        picture: as `small` makes it.
        name: its path below the folder of kept pictures, without its suffix.
        tops: where its parts begin, in pixels of the page; none for a picture that is one part.
    """
    file = PICTURES / f"{name}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    step = 255 / (GREYS - 1)
    levels = picture.point([round(grey / step) for grey in range(256)])
    levels.putpalette([value for level in range(GREYS) for value in (round(level * step),) * 3])
    facts = PngInfo()
    if tops:
        facts.add_text("tops", json.dumps([round(top) for top in tops]))
    levels.save(file, optimize=True, bits=4, pnginfo=facts)


def kept(name: str) -> tuple[Image.Image, list[int]]:
    """The kept picture of that name, and where its parts begin, in pixels of the page."""
    with Image.open(PICTURES / f"{name}.png") as file:
        return coarse(file.convert("L")), json.loads(file.info.get("tops", "[]"))


def rows_of(tops: Sequence[float], high: int) -> list[tuple[int, int]]:
    """The first row of each part in a small picture of that height, and the row behind it."""
    edges = [0, *(min(high, round(top / SMALLER)) for top in tops), high]
    return [(top, max(top, end)) for top, end in pairwise(edges)]


def aligned(
    now: Image.Image, tops: Sequence[float], like: Image.Image, like_tops: Sequence[float]
) -> Image.Image | str:
    """A small picture with its parts where the kept one has them.

    Args:
        now: the picture.
        tops: where its parts begin, in pixels of the page.
        like: the kept picture.
        like_tops: where the parts of that begin.

    Returns:
        A picture of the size of the kept one, or what is wrong.
    """
    if now.width != like.width or len(tops) != len(like_tops):
        return f"{now.width * SMALLER} px wide in {len(tops)} parts; the kept one {like.width * SMALLER} in {len(like_tops)}"
    whole = Image.new("L", like.size)
    rows = zip(rows_of(tops, now.height), rows_of(like_tops, like.height), strict=True)
    for number, ((top, end), (like_top, like_end)) in enumerate(rows):
        high, like_high = end - top, like_end - like_top
        if abs(high - like_high) > max(STRETCH_ROWS, STRETCH * like_high):
            return f"part {number} is {high * SMALLER} px high; the kept one {like_high * SMALLER}"
        if high > 0 and like_high > 0:
            part = now.crop((0, top, now.width, end)).resize((like.width, like_high), Image.Resampling.BOX)
            whole.paste(part, (0, like_top))
    return coarse(whole)


def difference(now: Image.Image, name: str, tops: Sequence[float] = ()) -> str:
    """What is wrong with a small picture, compared with the kept one of that name; empty when nothing is.

    Args:
        now: as `small` makes it.
        name: as `keep` has it.
        tops: where its parts begin, in pixels of the page.
    """
    before, before_tops = kept(name)
    if before_tops:
        moved = aligned(now, tops, before, before_tops)
        if isinstance(moved, str):
            return f"{name}: {moved}"
        now = moved
    if now.size != before.size:
        sizes = [f"{one.width * SMALLER} by {one.height * SMALLER} px" for one in (now, before)]
        return f"{name} is {sizes[0]}; the kept one is {sizes[1]}"
    mean, worst = distances(now, before)
    if mean <= MEAN_MOST and worst <= BLOCK_MOST:
        return ""
    return f"{name} is {mean:.1f} from the kept one on average (at most {MEAN_MOST}), {worst:.1f} in the worst part (at most {BLOCK_MOST})"
