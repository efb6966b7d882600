"""A page in the browser: where it is, what it has done, and how its parts are read."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, ViewportSize
from unpack import read_specs

VIEWPORT: ViewportSize = {"width": 1280, "height": 900}
DRAWN = "html[data-drawn]"
LOCAL = ("file:", "data:", "blob:")
DOWNLOAD_PAUSE = 120  # milliseconds; Chromium drops downloads beyond ten a second
Row = dict[str, Any]
# Whether every chart is as wide as its place, to a pixel.
FILLED = """() => [...document.querySelectorAll("[data-chart]")].every((place) =>
  Math.abs(place.querySelector("svg").getBoundingClientRect().width - place.clientWidth) <= 1)"""


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
    def text(self) -> str:
        """The page as it was written."""
        return self.path.read_text(encoding="utf-8")

    @property
    def specs(self) -> dict[str, dict[str, Any]]:
        """The charts of the page by place, with the rows of their datasets."""
        return read_specs(self.text)

    def resize(self, width: int, height: int = 900) -> None:
        """Give the window another size and wait until every chart fills its place again."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_function(FILLED, timeout=10_000)

    def download(self, link: Locator) -> bytes:
        """The file that the browser saves at a click."""
        self.page.wait_for_timeout(DOWNLOAD_PAUSE)
        with self.page.expect_download() as waited:
            link.click()
        return Path(waited.value.path()).read_bytes()
