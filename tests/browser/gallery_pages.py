"""The pages of the gallery, by their names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.browser import gallery, gallery_media, gallery_prints, gallery_structure, gallery_tables
from tests.browser.gallery import Cell


@dataclass(frozen=True)
class Content:
    """One notebook of the gallery: its cells and the metadata that it has beside them, or all of a file of an older format."""

    cells: list[Cell] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    file: dict[str, Any] | None = None


PAGES = {
    "texts": Content(gallery.TEXTS),
    "mathematics": Content(gallery.MATHEMATICS),
    "outputs": Content(gallery.OUTPUTS),
    "figures": Content(gallery.FIGURES),
    "tables": Content(gallery_tables.TABLES),
    "prints": Content(gallery_prints.PRINTS),
    "failures": Content(gallery_prints.FAILURES),
    "media": Content(gallery_media.MEDIA),
    "charts": Content(gallery_media.CHARTS),
    "odd": Content(gallery_structure.ODD),
    "old": Content(file=gallery_structure.OLD),
    "widgets": Content(gallery_structure.WIDGETS, gallery_structure.WIDGET_STATE),
}
