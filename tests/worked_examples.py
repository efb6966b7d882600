"""The code blocks of CONTRIBUTING.md, so that tests can run what it says as it says it."""

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its file and what it holds."""

    language: str
    file: str
    text: str

    @property
    def commands(self) -> list[str]:
        """The lines of a shell block without their comments."""
        return [
            words for line in self.text.splitlines() if (words := line.partition("#")[0].strip())
        ]


def read_blocks(section: str) -> list[Block]:
    """The blocks under the heading `section`, in their order."""
    blocks, heading = [], ""
    tokens = MarkdownIt().parse(CONTRIBUTING.read_text(encoding="utf-8"))
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and token.tag == "h2" and following is not None:
            heading = following.content
        if token.type == "fence" and heading == section:
            language, _, file = token.info.partition(" ")
            blocks.append(Block(language, file, token.content))
    return blocks
