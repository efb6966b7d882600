"""Words of cards on pages: paragraphs, emphasis and code, and nothing that runs."""

from pipeline.site.pages.rendering import format_phrase, format_prose


def test_paragraphs_emphasis_and_code_become_markup() -> None:
    made = format_prose("One *word* and `code`.\n\nThe **next** paragraph.")
    assert made == (
        "<p>One <em>word</em> and <code>code</code>.</p>\n"
        "<p>The <strong>next</strong> paragraph.</p>\n"
    )


def test_markup_of_a_card_is_text() -> None:
    made = format_prose("<script>alert(1)</script> <img src=x onerror=alert(1)>")
    assert "<script" not in made
    assert "<img" not in made
    assert "&lt;script&gt;" in made


def test_links_and_headings_of_markdown_stay_text() -> None:
    made = format_prose("# [press](javascript:alert(1)) ![x](data:text/html,y)")
    assert "<a" not in made
    assert "<h1" not in made
    assert "<img" not in made


def test_a_phrase_has_no_paragraph() -> None:
    assert format_phrase("a `b` & c") == "a <code>b</code> &amp; c"
