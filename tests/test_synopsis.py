"""The answer so far: its sentences quote the largest and the smallest, caveat before number."""

from typing import Any

from real_overview import LAYOUT, RATE, read_overview

from pipeline.site.charts.drawings import chart_library
from pipeline.site.overview import rows
from pipeline.site.overview.estimates import Line, summarise
from pipeline.site.overview.rows import Row
from pipeline.site.pages import rendering


def make_line(title: str, share: tuple[float, ...], rate: tuple[float, ...], *caveats: str) -> Line:
    found = [
        Row("g", "d", "key", "label", "model", *each, caveats=caveats) for each in (share, rate)
    ]
    return Line(title, f"{title}-toy", *found)


LOW = make_line("Low", (0.2, 0.1, 0.3), (0.3010299957, 0.1505149978, 0.6020599913))
HIGH = make_line("High", (0.8, 0.7, 0.9), (1.2041199827, -0.1, 2.4082399653), "not identified")


def say(name: str, *args: Any) -> str:
    environment = rendering.environment(LAYOUT.templates, chart_library)
    made: Any = environment.get_template("synopsis.html.jinja").module
    return str(getattr(made, name)(*args)).replace("\N{NO-BREAK SPACE}", " ").strip()


def test_the_largest_and_the_smallest_are_quoted_with_sign_and_interval() -> None:
    said = say("say_shares", [LOW, HIGH], rows.say)
    assert "▲&nbsp;80 % (70 % to 90 %) of progress in effective compute on High, the" in said
    assert "and 20 % (10 % to 30 %) on Low, the lowest" in said
    assert "the highest" not in say("say_shares", [LOW], rows.say)
    said = say("say_rates", [LOW, HIGH], rows.say_doubling, "interval")
    assert "▲&nbsp;3.0 months (1.5 to no bound) on High, the fastest median" in said
    assert "every 12 months (6.0 to 24) on Low, the slowest" in said
    assert "excludes a standstill in 1 of 2 cases" in said
    assert say("say_rates", [], rows.say_doubling, "interval") == ""


def test_doubling_times_that_do_not_exist_are_said_not_to() -> None:
    slow = make_line("Slow", (0.5, 0.4, 0.6), (-0.1, -0.2, 0.3010299957), "missed")
    said = say("say_rates", [slow, HIGH], rows.say_doubling, "interval")
    assert "on Slow, the slowest, that time has ▲&nbsp;no finite median (12 to no bound)." in said


def test_lines_of_the_results_are_of_each_dataset_with_a_rate() -> None:
    made = {line.rate.dataset: line for line in summarise(read_overview().primaries)}
    assert set(made) == {"imagenet_efficiency", "math", "mmlu", "imagenet", "lm_perplexity"}
    assert made["imagenet_efficiency"].rate.key == f"{RATE}[AlexNet]"
