"""Reading dataset cards: `datasets/<name>/card.yaml`.

A card is strict: an unknown key, a number in quotation marks or a value without its status is an
error that names the file, the line, the key and the remedy.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from benchmark.card_models import DatasetCard, ReleaseCard, SplitCard
from benchmark.card_process import GeneratorCard, Point, Process, Redecay
from benchmark.card_selection import DiphotonSelection, LeptonSelection
from benchmark.card_values import Status, Value
from benchmark.errors import CardError, complaint
from benchmark.naming import suggestion, unknown
from benchmark.paths import datasets_root

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

__all__ = [
    "DatasetCard",
    "DiphotonSelection",
    "GeneratorCard",
    "LeptonSelection",
    "Point",
    "Process",
    "Redecay",
    "ReleaseCard",
    "SplitCard",
    "Status",
    "Value",
    "card_names",
    "load_card",
]

_FILE = "card.yaml"
_SHOWN = 5  # complaints of one card; the rest is counted
_LONGEST = 80  # characters of a found value


def card_names() -> list[str]:
    """Return the names of the datasets that have a card.

    Raises:
        DataError: There is no folder of datasets.

    Example:
        >>> card_names()
        ['cms_adc', 'diphoton']
    """
    return sorted(path.parent.name for path in datasets_root().glob(f"*/{_FILE}"))


def load_card(name_or_path: str | os.PathLike[str]) -> DatasetCard:
    """Read and check a dataset card.

    Args:
        name_or_path: The name of a dataset in the folder of datasets, or the path of a card (or of
            its folder). Text without a slash and without the ending `.yaml` is a name.

    Raises:
        CardError: There is no such card, or it is wrong.
        DataError: There is no folder of datasets.

    Example:
        >>> card = load_card("diphoton")
        >>> card.energy.value, card.process("ggF").group
        (13000.0, 1)
    """
    path, name = _find(name_or_path)
    content, root = _parse(path)
    try:
        card = DatasetCard.model_validate_json(content, context={"folder": path.parent})
    except ValidationError as error:
        raise CardError(_explain(error, path, json.loads(content), root)) from error
    if name and card.name != name:
        message = complaint(
            "the card has another name than its folder",
            where=f"{path}: name",
            found=card.name,
            expected=name,
        )
        raise CardError(message)
    return card


def _find(name_or_path: str | os.PathLike[str]) -> tuple[Path, str]:
    """Return the path of the card, and its name when it was asked for by name."""
    path = Path(name_or_path)
    if isinstance(name_or_path, str) and path.name == name_or_path and path.suffix != ".yaml":
        found = datasets_root() / name_or_path / _FILE
        if not found.is_file():
            more = ", or the path of a card"
            raise CardError(unknown("dataset", name_or_path, card_names(), more=more))
        return found, name_or_path
    return (path / _FILE if path.is_dir() else path), ""


def _parse(path: Path) -> tuple[str, yaml.Node]:
    """Return the content of a card as JSON, and its syntax tree, which knows the lines.

    In JSON a list may become a tuple while all else stays strict.
    """
    try:
        text = path.read_text(encoding="utf-8")
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if not isinstance(root, yaml.MappingNode):
            message = complaint(
                "not a card", where=str(path), found="no mapping", expected="keys and values"
            )
            raise CardError(message)
        _refuse_double_keys(root, path)
        return json.dumps(loader.construct_document(root), default=str), root
    except OSError as error:
        message = complaint(
            f"cannot read the card ({error.strerror})",
            where=str(path),
            remedy="Give the name of a dataset, or the path of a card.",
        )
        raise CardError(message) from error
    # A wrong date or encoding, or a mapping that holds itself: ValueError; an odd key: TypeError.
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        reason = getattr(error, "problem", None) or str(error)
        remedy = "Mend the syntax at this place."
        if isinstance(error, UnicodeDecodeError):
            remedy = "A card is a text file; is this one of another kind?"
        message = complaint("not YAML", where=place, found=reason, remedy=remedy)
        raise CardError(message) from error


def _refuse_double_keys(root: yaml.Node, path: Path) -> None:
    """Raise for a key that stands twice in one mapping: YAML readers would take the last."""
    pending, seen = [root], {id(root)}
    while pending:
        node = pending.pop()
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, _ in node.value:
                if key.value in keys:
                    place = f"{path}:{key.start_mark.line + 1}"
                    what = f"the key {key.value!r} stands twice in one mapping"
                    raise CardError(complaint(what, where=place, remedy="Remove one of the two."))
                if isinstance(key, yaml.ScalarNode):
                    keys.add(key.value)
        for child in _children(node):
            if id(child) not in seen:
                seen.add(id(child))
                pending.append(child)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        yield from (value for _, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _explain(error: ValidationError, path: Path, data: Any, root: yaml.Node) -> str:
    """Return one complaint a line."""
    faults = error.errors(include_url=False)
    places = [fault["loc"] for fault in faults]
    # A list of wrong items is also reported as too short, for none of them counts.
    faults = [
        fault
        for fault in faults
        if fault["type"] != "too_short"
        or not any(_is_inside(place, fault["loc"]) for place in places)
    ]
    lines = [_complaint(fault, path, data, root) for fault in faults[:_SHOWN]]
    if len(faults) > _SHOWN:
        lines.append(f"{path}: {len(faults) - _SHOWN} more errors")
    return "\n".join(lines)


def _is_inside(place: tuple[Any, ...], outer: tuple[Any, ...]) -> bool:
    return len(place) > len(outer) and place[: len(outer)] == outer


def _complaint(fault: Mapping[str, Any], path: Path, data: Any, root: yaml.Node) -> str:
    steps = _steps(fault, data)
    context = fault.get("ctx", {})
    key = ".".join(part for part in (_key_path(steps), context.get("key", "")) if part)
    where = f"{path}:{_line(root, key)}: {key}"
    if fault["type"] == "card":
        return complaint(
            context["what"],
            where=where,
            found=context["found"],
            expected=context["expected"],
            remedy=context["remedy"],
        )
    if fault["type"] == "missing":
        remedy = f"Add `{steps[-1]}: ...` to the card."
        return complaint("missing key", where=where, found="nothing", remedy=remedy)
    if fault["type"] == "extra_forbidden":
        return complaint("unknown key", where=where, remedy=_spelling(str(steps[-1])))
    found = repr(fault["input"])
    return complaint(
        "wrong value",
        where=where,
        found=found if len(found) <= _LONGEST else found[:_LONGEST] + "...",
        expected=str(context.get("expected") or context.get("expected_tags") or fault["msg"]),
        remedy="Mend the value.",
    )


def _spelling(key: str) -> str:
    """Return advice on an unknown key: the nearest known one, if any is near."""
    models = (
        *(DatasetCard, SplitCard, ReleaseCard, Process, Point, GeneratorCard, Redecay),
        *(DiphotonSelection, LeptonSelection, Value),
    )
    known = sorted({field for model in models for field in model.model_fields})
    near = suggestion(key, known)
    return f"{near} If not, remove it." if near else "Remove it."


def _steps(fault: Mapping[str, Any], data: Any) -> list[str | int]:
    """Return the place in the card, without the tags that the validation adds to it."""
    steps: list[str | int] = []
    for step in fault["loc"]:
        inside = step in data if isinstance(data, dict) else isinstance(data, list)
        missing = fault["type"] == "missing" and step == fault["loc"][-1]
        if inside or missing:
            steps.append(step)
            data = data[step] if inside else None
    return steps


def _key_path(steps: list[str | int]) -> str:
    """Return such as "processes[3].points[0].masses"."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return "".join(parts).lstrip(".")


def _line(root: yaml.Node, key: str) -> int:
    """Return the line of the card, from 1, where the key path or its nearest parent stands."""
    node, line = root, root.start_mark.line
    for step in key.replace("[", ".").replace("]", "").split("."):
        below: list[tuple[yaml.Node, yaml.Node]] = []
        if isinstance(node, yaml.MappingNode):
            below = [(name, value) for name, value in node.value if name.value == step]
        elif isinstance(node, yaml.SequenceNode) and step.isdigit():
            below = [(item, item) for item in node.value[int(step) : int(step) + 1]]
        if not below:
            break
        line, node = below[0][0].start_mark.line, below[0][1]
    return line + 1
