"""Options and arguments that take a name: the shell completes it, a misspelt one is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from benchmark.naming import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TASKS = ("cms_adc", "diphoton")
_PACKAGE = Path(__file__).resolve().parents[1]


class Name(click.ParamType[str]):
    """A name out of a list that is made when it is asked for.

    Attributes:
        what: Is named, such as "figure".
        known: Returns the names.
        checked: Whether another one is refused here; else it is what is done with it that does.
    """

    name = "name"

    def __init__(self, what: str, known: Callable[[], Iterable[str]], *, checked: bool) -> None:
        """Take what is named, and how to list the names."""
        self.what, self.known, self.checked = what, known, checked

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return what stands in the help."""
        del param, ctx
        return self.what.upper()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name.

        Raises:
            click.BadParameter: There is none such; the message has the nearest.
        """
        text = str(value)
        if self.checked and text not in (names := list(self.known())):
            self.fail(unknown(self.what, text, names), param, ctx)
        return text

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that begin so."""
        del ctx, param
        return [CompletionItem(name) for name in self.known() if name.startswith(incomplete)]


def file_names(kind: str) -> list[str]:
    """Return the names of all figures, or tables, by their files: importing them takes seconds.

    Example:
        >>> "sic-id" in file_names("figure")
        True
    """
    files = (_PACKAGE / f"{kind}s").glob("[!_]*.py")
    return sorted(file.stem.replace("_", "-") for file in files)


def profile_names() -> list[str]:
    """Return the names of the profiles; none where their file cannot be read."""
    import yaml

    from reproduce.params import params_path

    try:
        return list(yaml.safe_load(params_path().read_text(encoding="utf-8"))["profiles"])
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return []  # a shell that completes must not end in a traceback


def embedding_names(task: str | None = None) -> list[str]:
    """Return the names of the registered embeddings, of one task or of all."""
    from baselines.registry import EMBEDDINGS

    return [name for name, entry in EMBEDDINGS.items() if task in (None, entry.task)]


def dataset_names() -> list[str]:
    """Return the names of the datasets."""
    from benchmark.paths import datasets_root

    return sorted(path.parent.name for path in datasets_root().glob("*/card.yaml"))


FIGURE = Name("figure", lambda: file_names("figure"), checked=True)
TABLE = Name("table", lambda: file_names("table"), checked=True)
TASK = Name("task", lambda: TASKS, checked=True)
# Others may have made results at a profile of their own.
PROFILE = Name("profile", profile_names, checked=False)
# One's own embedding is module:Class.
EMBEDDING = Name("embedding", embedding_names, checked=False)
# The path of a card or of a file can stand in its place.
DATASET = Name("dataset", dataset_names, checked=False)
