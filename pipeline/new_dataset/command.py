"""`apportion new` as the command line knows it: its arguments and its help."""

from pathlib import Path
from typing import Annotated

import typer

HELP = """Make data/sources/NAME with a card and records, and add NAME to the registry.

With --from, each column of the table is matched with one of the file, by name and by what its \
cells prove: unit, decimal mark, order of dates; the card marks each guess. Without --from, \
records.csv is a header. What only you can say is TODO on the card."""
EPILOG = (
    "Example: `apportion new my_scores --table accuracy_leaderboard --from scores.xlsx "
    "--sheet Results`. Ends with 0 where the dataset is made, 1 where it is refused (nothing is "
    "left then), 2 after a wrong command."
)


def new(
    name: Annotated[
        str, typer.Argument(help="of the dataset: small letters, digits and _", show_default=False)
    ] = "",
    table: Annotated[
        str,
        typer.Option(
            help="the table it fills; all of them are listed if absent", show_default=False
        ),
    ] = "",
    received: Annotated[
        Path | None, typer.Option("--from", help="the received file: .csv, .tsv, .xlsx, .parquet")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="of a workbook with several")] = None,
    root: Annotated[
        Path, typer.Option(help="the repository", exists=True, file_okay=False)
    ] = Path(),
) -> None:
    """Make a dataset; its help is HELP."""
    from pipeline.core.layout import Layout
    from pipeline.new_dataset import making

    making.check_command(name, table, received, sheet)
    making.make_dataset(Layout(root), name, table, received, sheet)
