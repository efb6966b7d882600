"""The page of the simulation of full automation."""

from pipeline.site.takeoff_page.page import write_takeoff_page

__all__ = ["write_takeoff_page"]
