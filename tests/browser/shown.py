"""A page in the browser: where it is, what it has done, and how its parts are read."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize
from unpack import read_specs

HTML = Path(__file__).parents[2] / "reports/html"
VIEWPORT: ViewportSize = {"width": 1280, "height": 900}
DRAWN = "html[data-drawn]"
LOCAL = ("file:", "data:", "blob:")
Row = dict[str, Any]


@dataclass
class Shown:
    """An open page, with the console's messages and the addresses that it asked for."""

    path: Path
    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def foreign_requests(self) -> list[str]:
        """Addresses asked for that are neither files nor parts of the page."""
        return [address for address in self.requests if not address.startswith(LOCAL)]

    @property
    def specs(self) -> dict[str, dict[str, Any]]:
        """The charts of the page by place, with the rows of their datasets."""
        return read_specs(self.path.read_text(encoding="utf-8"))

    def resize(self, width: int, height: int = 900) -> None:
        """Give the window another size and wait until every chart fills its place again."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_function(FILLED, timeout=10_000)


# Whether every chart is as wide as its place, to a pixel.
FILLED = """() => [...document.querySelectorAll("[data-chart]")].every((place) =>
  Math.abs(place.querySelector("svg").getBoundingClientRect().width - place.clientWidth) <= 1)"""
# Hides every row of a table that is like one above it but for its words.
HIDE_ALIKE = """() => {
  for (const body of document.querySelectorAll("tbody")) {
    const seen = new Set();
    for (const row of body.rows) {
      const shape = [...row.querySelectorAll("*")].map((part) =>
        part.tagName + part.className + !!part.textContent.trim()).join() + row.className;
      row.hidden = seen.has(shape);
      seen.add(shape);
    }
  }
}"""
