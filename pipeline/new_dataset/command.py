"""`apportion new` as the command line knows it: its arguments and its help."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from pipeline.core.arguments import AsJson, Root

HELP = """Make data/sources/NAME with a card and records, and add NAME to the registry.

With --from, the table is guessed, and each of its columns is matched with one of the file, by \
name and by what its cells prove: unit, decimal mark, order of dates. What was understood is shown \
and marked as guessed on the card; a column for each benchmark is stacked; the rest has defaults \
or is joined from the run registry. What only you can say is TODO on the card. Without --from, \
records.csv is a header."""
EPILOG = (
    "Example: `apportion new my_scores --from scores.xlsx --sheet Results`. Ends with 0 where the "
    "dataset is made, 1 where it is refused (nothing is left then), 2 after a wrong command."
)


class TableListing(TyperCommand):
    """`--help` lists the tables; `--table` without a value does, as a wrong value does."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, with an empty value after a last `--table`."""
        return super().parse_args(ctx, [*args, ""] if args[-1:] == ["--table"] else args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help with what each table is for, which takes a second to import."""
        from pipeline.commands.dictionary import list_tables

        self.help = "\n\n".join([HELP, "Tables:", *list_tables()])
        super().format_help(ctx, formatter)


def new(
    name: Annotated[
        str,
        typer.Argument(
            help="of the dataset: small letters, digits and _", metavar="NAME", show_default=False
        ),
    ] = "",
    table: Annotated[
        str, typer.Option(help="the table it fills; guessed with --from", show_default=False)
    ] = "",
    received: Annotated[
        Path | None,
        typer.Option("--from", help=".csv, .tsv, .xlsx, .parquet, .json or .yaml"),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(help="of a workbook with several", show_default=False)
    ] = None,
    root: Root = Path(),
    as_json: AsJson = False,
) -> None:
    """Make a dataset; its help is HELP."""
    from pipeline.core.layout import Layout
    from pipeline.new_dataset import dialogue

    dialogue.check_command(name, table, received, sheet)
    dialogue.make_dataset(Layout(root), name, table, received, sheet, as_json=as_json)
