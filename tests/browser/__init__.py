"""Tests of the pages in a real browser: what a reader sees, reaches, downloads and prints."""
