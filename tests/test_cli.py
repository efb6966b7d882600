"""The `apportion` command: what it prints and how it ends."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline import cli
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
    assert lines[0] == ["dataset", "table", "rows_fitted", "model", "verdict", "page"]
    assert ["math", "compute_multiplier"] in [[line[0], line[3]] for line in lines]


def test_list_gives_a_script_json() -> None:
    _, output = run("list", "--json")
    cells = {(cell["dataset"], cell["model"]) for cell in json.loads(output)}
    assert ("chinchilla_runs", "scaling_law") in cells


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
    (tmp_path / "data/sources/minerva/source.yaml").unlink()
    result = CliRunner().invoke(cli.app, ["check", "minerva", "--root", str(tmp_path)])
    assert result.exit_code == 1
    assert "the card is missing" in result.output


def test_bad_input_outside_of_a_check_is_printed_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise file_failure(Path("a.yaml"), "broken", "mend it")

    monkeypatch.setattr(cli, "_list_cells", fail)
    monkeypatch.setattr("sys.argv", ["apportion", "list", "--root", str(ROOT)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert "a.yaml: broken. Remedy: mend it" in capsys.readouterr().err


def test_unknown_page_names_the_pages_there_are(tmp_path: Path) -> None:
    (tmp_path / "reports/html").mkdir(parents=True)
    (tmp_path / "reports/html/index.html").write_text("", encoding="utf-8")
    result = CliRunner().invoke(cli.app, ["open", "nothing", "--root", str(tmp_path)])
    assert result.exit_code == 2
    assert "index" in result.output


def test_open_shows_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "reports/html/index.html"
    page.parent.mkdir(parents=True)
    page.write_text("", encoding="utf-8")
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert CliRunner().invoke(cli.app, ["open", "index", "--root", str(tmp_path)]).exit_code == 0
    assert opened == [page.as_uri()]


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
