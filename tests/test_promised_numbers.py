"""The results in Git: every fit passes, shares add up, and the promised numbers are there."""

import re
from typing import Any

import numpy as np
import pytest
from tables_for_models import ROOT, list_cells, load_real, read_reference, read_result

import models
from pipeline.ingest.cards.card import load_card

CELLS = list_cells()
# Cells that readers are promised: they are fitted, and the sampler can be believed.
PROMISED = [
    *((dataset, "compute_multiplier") for dataset in ("mmlu", "math", "imagenet", "minerva")),
    ("lm_perplexity", "augmented_scaling_law"),
]
MINERVA = ("minerva", "compute_multiplier")
LOSSES = ("lm_perplexity", "augmented_scaling_law")
SPLIT = ("controlled_data_algorithm", "factorial_split")
RETURNS = ("research_inputs", "idea_production")
RETURNS_POOLED = ("research_returns", "meta_analysis")
# Cell, estimand, bounds of its median, and a published value that its interval must hold.
NUMBERS: list[tuple[tuple[str, str], str, float, float, float | None]] = [
    # an independent fit of the same runs, Besiroglu et al. 2024
    (("chinchilla_runs", "scaling_law"), "exponent_parameters", 0.336, 0.356, None),
    (("chinchilla_runs", "scaling_law"), "exponent_tokens", 0.351, 0.371, None),
    (("chinchilla_runs", "scaling_law"), "irreducible_loss", 1.79, 1.83, None),
    (("chinchilla_runs", "scaling_law"), "optimal_tokens_per_parameter[5.76e23]", 15, 23, None),
    (("chinchilla_runs", "scaling_law"), "allocation_factor[Gopher 280B]", 1.7, 2.4, None),
    # Czech et al. 2026, least squares on the same runs
    (("llama3_isoflop", "scaling_law"), "exponent_parameters", 0.27, 0.31, 0.310),
    (("llama3_isoflop", "scaling_law"), "exponent_tokens", 0.29, 0.33, 0.314),
    # Hernandez & Brown 2020: AlexNet's compute fell 44 times, halving every 16 months
    (("imagenet_efficiency", "efficiency_frontier"), "doubling_time_months[AlexNet]", 12, 18, 16),
    (("imagenet_efficiency", "efficiency_frontier"), "reduction_factor[AlexNet]", 0, 999, 44),
    # Epoch AI, Sevilla & Roldán 2024: 4.1 times a year, notable models of 2010 to 2024. Of their
    # "4 to 5 times" the interval held the middle, 4.5, until the registry went on to 2026; now it
    # ends at 4.4, as the changelog says
    (("training_runs", "compute_growth"), "growth_decades_per_year", 0, 1, np.log10(4.1)),
    (("training_runs", "compute_growth"), "run_flop[GPT-4]", 2.0e25, 2.2e25, 2.1e25),
    (MINERVA, "technique_gain_factor[domain_tuning]", 1, np.inf, None),
    (MINERVA, "technique_gain_factor[majority_vote]", 1, np.inf, None),
    # continued training by 6ND and by TPU-hours, over the step as landed
    (MINERVA, "share_compute[math-palm_540b-minerva_540b_maj]", 0, 0.1, 0.005),
    (MINERVA, "share_compute[math-palm_540b-minerva_540b_maj]", 0, 0.1, 0.013),
    # 1.5e21 to 5.76e23 FLOP
    (LOSSES, "decades_compute[wikitext103-gpt2_1_5b-chinchilla]", 2.5, 2.7, 2.58),
    # Ho et al. 2024, section 3.1
    (LOSSES, "doubling_time_months", 4.5, 14.3, 8.4),
    # the report of the experiment: Shapley split in log compute
    (SPLIT, "algorithm_gain_factor[124M]", 12, 15, 13.69),
    (SPLIT, "data_gain_factor[124M]", 2, 2.5, 2.23),
    (SPLIT, "algorithm_gain_factor[355M]", 3.5, 4.7, 4.06),
    (SPLIT, "data_gain_factor[355M]", 3.2, 4.3, 3.74),
    *(
        (RETURNS, f"returns_to_research[{domain}]", 0, np.inf, published["estimate"])
        for domain, published in read_reference("erdil2024ideas").items()
    ),
]
each_cell = pytest.mark.parametrize(("dataset", "name"), CELLS, ids=["-".join(c) for c in CELLS])


def read(kind: str, dataset: str, name: str) -> dict[str, Any]:
    return read_result(f"data/{kind}/{dataset}-{name}.json")


@each_cell
def test_cell_passes_unless_its_model_says_why_it_cannot_be_fitted(dataset: str, name: str) -> None:
    check = read("checks", dataset, name)
    reason = models.load(name).unsupported_reason(*load_real(dataset))
    assert (check.get("not_fitted") or "") == reason
    assert reason or check["verdict"] == "pass", check["reasons"]
    assert not (reason and (dataset, name) in PROMISED)


@each_cell
def test_numbers_are_in_order_and_missing_ones_have_their_reason(dataset: str, name: str) -> None:
    for key, entry in read("attributions", dataset, name).items():
        bounds = [entry[bound] for bound in ("lower", "median", "upper")]
        assert None not in bounds or entry.get("reason") or entry.get("unbounded"), key
        known = [bound for bound in bounds if bound is not None]
        assert known == sorted(known), key


@pytest.mark.parametrize(("dataset", "name"), PROMISED)
def test_steps_of_the_card_are_reported_or_their_compute_is_not_known(
    dataset: str, name: str
) -> None:
    entries = read("attributions", dataset, name)
    options: Any = load_real(dataset)[1].options
    for step in [each.id for each in options.comparisons]:
        decades = entries[f"decades_compute[{step}]"]
        assert decades["median"] is not None or "is not known" in decades["reason"], step
        share, rest = (entries[f"share_{part}[{step}]"] for part in ("compute", "algorithms"))
        assert (share["median"] is None) == (rest["median"] is None)


@pytest.mark.parametrize("benchmark", ["math", "gsm8k", "ocwcourses", "mmlu_stem"])
def test_minerva_step_of_one_base_model_is_compute_and_technique_alone(benchmark: str) -> None:
    """From PaLM 540B to Minerva 540B with majority vote; the card says `trend: none`."""
    entries, step = read("attributions", *MINERVA), f"{benchmark}-palm_540b-minerva_540b_maj"
    table = load_real("minerva")[0].drop_duplicates("model").set_index("model")["training_flop"]
    compute = np.log10(table["Minerva 540B"] / table["PaLM 540B"])
    bought = sum(
        entries[f"decades_{part}[{step}]"]["median"] for part in ("technique", "inference")
    )
    parts = ("compute", "inference", "algorithms")
    shares = {part: entries[f"share_{part}[{step}]"] for part in parts}
    assert shares["compute"]["median"] == pytest.approx(compute / (compute + bought), rel=0.1)
    assert sum(share["median"] for share in shares.values()) == pytest.approx(1, abs=2e-2)
    assert "trend: none" in entries[f"decades_trend[{step}]"]["reason"]
    assert not [key for key in entries if key.startswith(("rate", "doubling_time"))]
    if benchmark == "math":
        assert shares["compute"]["upper"] < 0.2


@pytest.mark.parametrize(("cell", "key", "low", "high", "published"), NUMBERS)
def test_number_is_where_it_was_promised(
    cell: tuple[str, str], key: str, low: float, high: float, published: float | None
) -> None:
    entry = read("attributions", *cell)[key]
    assert low <= entry["median"] <= high
    assert published is None or entry["lower"] < published < entry["upper"]


@pytest.mark.parametrize(
    ("words", "cell", "key"),
    [
        ("reports/models/idea_production.yaml", RETURNS_POOLED, "domain_value[Computer vision]"),
        (
            "data/sources/research_returns/source.yaml",
            RETURNS,
            "returns_to_research[computer vision]",
        ),
    ],
)
def test_note_on_the_other_estimate_of_computer_vision_has_its_number(
    words: str, cell: tuple[str, str], key: str
) -> None:
    entry = read("attributions", *cell)[key]
    said = " ".join((ROOT / words).read_text("utf-8").split())
    (found,) = re.findall(r"gives?(?: computer vision)? ([\d.]+) \(([\d.]+) to ([\d.]+)\)", said)
    printed = dict(zip(("median", "lower", "upper"), map(float, found), strict=True))
    for name, number in printed.items():
        assert entry[name] == pytest.approx(number, rel=0.05)


def test_exponents_of_idea_production_are_said_to_lean_on_the_prior() -> None:
    """One ratio of efficiencies a field: the page may not pass them for findings."""
    driven = read("checks", *RETURNS)["driven_by_prior"]
    assert [key for key in driven if key.startswith(("stepping_on_toes[", "fishing_out["))]


def test_published_returns_lie_in_our_interval_and_the_next_domain_is_known_less_well() -> None:
    found = read("attributions", "research_returns", "meta_analysis")
    card = load_card(ROOT / "data/sources/research_returns/source.yaml").card
    for row in card.published:
        if row.estimate is not None:
            ours = found[row.estimand]
            assert ours["lower"] <= row.estimate <= ours["upper"], row.label
    assert 0 < found["pooled_minus[1]"]["p_positive"] < 1
    pooled, new = (found[key]["upper"] / found[key]["lower"] for key in ("pooled", "predictive"))
    assert new > pooled
