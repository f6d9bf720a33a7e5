"""A contestant by name and settings, and where its fit is kept."""

from __future__ import annotations

import inspect
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from benchmark.code import closure_digest
from benchmark.embedding import Embedding, Runtime, Storable, embedding_class, uses_labels
from benchmark.errors import DiademError, complaint
from benchmark.files import atomic_folder, sha256

if TYPE_CHECKING:
    from benchmark.events import EventTable


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """An embedding by the path of its class, its settings, and what is special about them.

    Attributes:
        path: "package.module:Class".
        settings: Keyword arguments of the class; plain JSON.
        variant: As in the result rows; "" for the default settings.
    """

    path: str
    settings: dict[str, Any]
    variant: str = ""

    def make(self) -> Any:
        """Return a new, not fitted embedding.

        Raises:
            DiademError: There is no such class, or it refuses the settings.
        """
        return embedding_class(self.path)(**self.settings)

    def resolved(self) -> dict[str, Any]:
        """Return all settings, those by default too, where the embedding says them."""
        settings = getattr(self.make(), "settings", None)
        return settings.model_dump(mode="json") if isinstance(settings, BaseModel) else {}

    def code(self, *work: str) -> str:
        """Return a digest of the code that a result depends on.

        Of one's own embedding it is the file of the class alone, not what that imports.

        Args:
            *work: Modules of the work that is done with the embedding.
        """
        module = self.path.partition(":")[0]
        if module.startswith("baselines."):
            return closure_digest([*work, module])
        own = inspect.getsourcefile(embedding_class(self.path)) or ""
        return closure_digest(work) + sha256(Path(own))[:16]


class Keeper:
    """An embedding that is read from a folder if it was fitted before, and kept there if not.

    The folder's name is a hash of all that the fit depends on. Unfinished trainings keep their
    checkpoints beside it.
    """

    def __init__(self, embedding: Embedding, folder: Path, runtime: Runtime) -> None:
        """Take an embedding, not fitted, and the folder of its fit."""
        self.name, self.uses_labels = embedding.name, uses_labels(embedding)
        self._embedding, self._folder = embedding, folder
        self._checkpoint = folder.with_name(folder.name + ".unfinished")
        if hasattr(embedding, "runtime"):
            embedding.runtime = replace(runtime, checkpoint=self._checkpoint)

    def fit(self, events: EventTable, *, seed: int) -> Keeper:
        """Fit, or read what was fitted with the same events, settings and seed."""
        made = self._embedding
        if not isinstance(made, Storable):
            made.fit(events, seed=seed)
        elif self._folder.exists():
            runtime = getattr(made, "runtime", None)
            self._embedding = type(made).load(self._folder)
            self._require_settings(getattr(made, "settings", None))
            if runtime is not None:
                self._embedding.runtime = runtime  # type: ignore[attr-defined]
        else:
            made.fit(events, seed=seed)
            with atomic_folder(self._folder) as temporary:
                made.save(temporary)
            shutil.rmtree(self._checkpoint, ignore_errors=True)
        return self

    def _require_settings(self, asked: Any) -> None:
        """Refuse a kept fit that was changed since."""
        if asked != getattr(self._embedding, "settings", None):
            message = complaint(
                "a kept fit has other settings than were asked for",
                where=str(self._folder),
                remedy="Remove the folder; it is then trained again.",
            )
            raise DiademError(message)

    @property
    def embedding(self) -> Any:
        """The embedding itself."""
        return self._embedding

    def transform(self, events: EventTable) -> Any:
        """Return the latents of events."""
        return self._embedding.transform(events)
