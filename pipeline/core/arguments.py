"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

HERE = Path()
Root = Annotated[Path, typer.Option(help="the repository", exists=True, file_okay=False)]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for scripts, on standard output")]
