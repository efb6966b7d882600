"""The `apportion` command: what it prints and how it ends."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline import cli
from pipeline.commands.listing import COLUMNS
from pipeline.failures import file_failure

ROOT = Path(__file__).parents[1]


def run(*words: str) -> tuple[int, str]:
    """Exit code and output of a command on the project."""
    result = CliRunner().invoke(cli.app, [*words, "--root", str(ROOT)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_list_names_every_dataset_once_a_model() -> None:
    code, output = run("list")
    lines = [line.split("\t") for line in output.strip().splitlines()]
    assert code == 0
    assert tuple(lines[0]) == COLUMNS
    assert ["math", "compute_multiplier"] in [[line[0], line[3]] for line in lines]


def test_list_gives_a_script_json() -> None:
    _, output = run("list", "--json")
    cells = {(cell["dataset"], cell["model"]) for cell in json.loads(output)}
    assert ("chinchilla_runs", "scaling_law") in cells


def test_list_shows_the_headline_that_the_attribution_file_has() -> None:
    _, output = run("list", "--json")
    told = [cell for cell in json.loads(output) if cell["median"] is not None]
    for cell in told:
        name = f"{cell['dataset']}-{cell['model']}.json"
        made = json.loads((ROOT / "data/attributions" / name).read_text(encoding="utf-8"))
        assert {key: cell[key] for key in ("median", "lower", "upper", "unit")} == {
            key: made[cell["headline"]][key] for key in ("median", "lower", "upper", "unit")
        }
    assert {"math", "mmlu", "imagenet"} <= {cell["dataset"] for cell in told}


def test_list_says_why_a_cell_has_no_headline() -> None:
    _, output = run("list", "--json")
    cells = {(cell["dataset"], cell["model"]): cell for cell in json.loads(output)}
    assert cells["minerva", "era_ceilings"]["verdict"] == "not fitted"
    assert "one date" in cells["minerva", "era_ceilings"]["reason"]


def test_list_goes_on_where_a_card_is_refused(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data/sources", tmp_path / "data/sources")
    shutil.copytree(ROOT / "models", tmp_path / "models")
    (tmp_path / "data/sources/minerva/source.yaml").unlink()
    result = CliRunner().invoke(cli.app, ["list", "--json", "--root", str(tmp_path)])
    cells = json.loads(result.output)
    refused = [cell for cell in cells if cell["verdict"] == "refused"]
    assert {cell["dataset"] for cell in refused} == {"minerva"}
    assert "the card is missing" in refused[0]["reason"]
    assert {"math", "mmlu"} < {cell["dataset"] for cell in cells}


def test_list_in_a_terminal_is_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_is_terminal", lambda: True)
    _, output = run("list")
    assert "headline" in output
    assert "months: Doubling" in " ".join(output.replace("│", " ").split())


def test_check_counts_rows_and_exclusions() -> None:
    code, output = run("check", "math")
    assert code == 0
    assert "math: 176 rows in, 144 fitted" in output
    assert "12 excluded: circular compute" in output


def test_check_gives_a_script_json() -> None:
    _, output = run("check", "minerva", "--json")
    assert json.loads(output)["rows_fitted"] == 36


def test_unknown_dataset_is_a_wrong_command_and_names_the_nearest() -> None:
    code, output = run("check", "mml")
    assert code == 2
    assert "mmlu" in output


def test_refused_dataset_ends_with_one_and_no_traceback(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data/sources", tmp_path / "data/sources")
    shutil.copytree(ROOT / "models", tmp_path / "models")
    shutil.copy(ROOT / "data/references.bib", tmp_path / "data")
    (tmp_path / "data/sources/minerva/source.yaml").unlink()
    result = CliRunner().invoke(cli.app, ["check", "minerva", "--root", str(tmp_path)])
    assert result.exit_code == 1
    assert "the card is missing" in result.output


def test_bad_input_outside_of_a_check_is_printed_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise file_failure(Path("a.yaml"), "broken", "mend it")

    monkeypatch.setattr("pipeline.commands.listing.list_cells", fail)
    monkeypatch.setattr("sys.argv", ["apportion", "list", "--root", str(ROOT)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert "a.yaml: broken. Remedy: mend it" in capsys.readouterr().err


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A repository with the registries, and pages of two models of mmlu of which one passed."""
    shutil.copytree(ROOT / "data/sources", tmp_path / "data/sources")
    shutil.copytree(ROOT / "models", tmp_path / "models")
    for folder in ("reports/html", "data/checks"):
        (tmp_path / folder).mkdir(parents=True)
    verdicts = {"mmlu-compute_multiplier": "fail", "mmlu-scale_dependent": "pass"}
    for name in ("index", *verdicts):
        (tmp_path / "reports/html" / f"{name}.html").write_text("", encoding="utf-8")
    for name, verdict in verdicts.items():
        check = json.dumps({"verdict": verdict, "reasons": ["divergent"]})
        (tmp_path / "data/checks" / f"{name}.json").write_text(check, encoding="utf-8")
    return tmp_path


def test_unknown_page_names_the_nearest_and_the_pages_there_are(pages: Path) -> None:
    result = CliRunner().invoke(cli.app, ["open", "mmlu-scale", "--root", str(pages)])
    words = " ".join(result.output.replace("│", " ").split())
    assert result.exit_code == 2
    assert "did you mean 'mmlu-scale_dependent'" in words
    assert "index" in words


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ([], "index"),
        (["mmlu"], "mmlu-scale_dependent"),
        (["mmlu-compute_multiplier"], "mmlu-compute_multiplier"),
    ],
)
def test_open_shows_the_page(
    pages: Path, name: list[str], page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    result = CliRunner().invoke(cli.app, ["open", *name, "--root", str(pages)])
    made = pages / "reports/html" / f"{page}.html"
    assert result.exit_code == 0
    assert result.output.strip() == str(made)
    assert opened == [made.as_uri()]


def test_docs_are_up_to_date_after_docs(tmp_path: Path) -> None:
    for name in ("README.md", "data/README.md", "reports/summary/answers.md"):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    (tmp_path / "README.md").write_text(
        "before\n<!-- answers -->\nold\n<!-- /answers -->\nafter\n", encoding="utf-8"
    )
    first = CliRunner().invoke(cli.app, ["docs", "--root", str(tmp_path)])
    assert "README.md" in first.output
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    answers = (ROOT / "reports/summary/answers.md").read_text(encoding="utf-8").strip()
    assert text == f"before\n<!-- answers -->\n{answers}\n<!-- /answers -->\nafter\n"
    assert CliRunner().invoke(cli.app, ["docs", "--root", str(tmp_path)]).output == ""


def test_wrong_registry_is_printed_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "data/sources", tmp_path / "data/sources")
    registry = tmp_path / "data/sources/datasets.yaml"
    text = registry.read_text(encoding="utf-8")
    registry.write_text(text.replace("[minerva, math,", "[minerva, maths,"), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["apportion", "list", "--root", str(tmp_path)])
    with pytest.raises(SystemExit, match="1"):
        cli.main()
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "minerva" in each)
    said = capsys.readouterr().err
    assert f"datasets.yaml:{line}: datasets.accuracy_leaderboard.1 'maths'" in said
    assert "did you mean 'math'" in said
