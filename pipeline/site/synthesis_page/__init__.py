"""The page of the synthesis over domains."""

from pipeline.site.synthesis_page.page import write_synthesis_page

__all__ = ["write_synthesis_page"]
