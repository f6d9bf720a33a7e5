"""The claims of both papers, read from `reproduce/claims.yaml` and checked."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import TypeAdapter, ValidationError

from benchmark.cards import load_card
from benchmark.errors import DataError, complaint
from reproduce.report.named import require_names
from reproduce.report.printed import printed
from reproduce.report.schema import Claim, ClaimsFile, ValueClaim

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reproduce.report.schema import Paper

FILE = "claims.yaml"
KINDS = {("value",), ("ordering",), ("orderings",), ("bound",), ("not_reached",), ("unmeasured",)}
_EACH = ("signal", "embedding", "metric", "at")
_ADAPTER: TypeAdapter[Claim] = TypeAdapter(Claim)


@dataclass(frozen=True, kw_only=True)
class Claims:
    """All claims.

    Attributes:
        rules: How each kind is judged, in words.
        papers: By their short names.
        claims: In the order of the file; published numbers filled in.
    """

    rules: Mapping[str, str]
    papers: Mapping[Literal["sac", "aclr"], Paper]
    claims: tuple[Claim, ...]


def load_claims(path: Path | None = None) -> Claims:
    """Return the claims of a file; None takes the one that comes with the package.

    Raises:
        DataError: A claim is not of its kind, names something that does not exist, or comes twice;
            the message names the claim and the field.
    """
    source = resources.files("reproduce").joinpath(FILE) if path is None else path
    where = FILE if path is None else str(path)
    try:
        content = yaml.safe_load(source.read_text(encoding="utf-8"))
        file = ClaimsFile.model_validate(content)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        message = complaint("no file of claims", where=where, found=str(error).replace("\n", " "))
        raise DataError(message) from error
    except ValidationError as error:
        raise _refused(error, where) from error
    claims = [claim for raw in file.claims for claim in _expanded(raw, where)]
    _require_once(claims, where)
    cards = {task: load_card(task) for task in {claim.task for claim in claims}}
    for claim in claims:
        require_names(claim, cards[claim.task], f"{where}, {claim.id}")
    return Claims(rules=file.rules, papers=file.papers, claims=tuple(claims))


def _expanded(raw: Mapping[str, Any], where: str) -> Iterator[Claim]:
    fields = dict(raw)
    each = fields.pop("each", {})
    _require_each(each, fields, f"{where}, {raw.get('id')}")
    for values in itertools.product(*each.values()):
        yield _one(fields, dict(zip(each, values, strict=True)), where)


def _require_each(each: Any, fields: Mapping[str, Any], where: str) -> None:
    whole = isinstance(each, dict) and all(isinstance(v, list) and v for v in each.values())
    if not whole or not isinstance(fields.get("select", {}), dict):
        message = complaint(
            "not columns with values",
            where=f"{where}, each" if not whole else f"{where}, select",
            found=repr(each if not whole else fields["select"])[:80],
            expected="each: names of columns, with a list of values; select: columns",
        )
        raise DataError(message)
    unknown = [name for name in each if name not in _EACH]
    if unknown:
        message = complaint(
            "a column that claims cannot differ in",
            where=f"{where}, each",
            found=", ".join(map(repr, unknown)),
            expected=", ".join(_EACH),
        )
        raise DataError(message)


def _one(fields: Mapping[str, Any], chosen: Mapping[str, Any], where: str) -> Claim:
    made = dict(fields)
    for name, value in chosen.items():
        for key in ("id", "claim"):
            shown = str(value).replace("/", "_") if key == "id" else str(value)
            made[key] = str(made.get(key, "")).replace("{" + name + "}", shown)
    if chosen:
        made["select"] = {**made.get("select", {}), **chosen}
    try:
        claim = _ADAPTER.validate_python(made)
    except ValidationError as error:
        raise _refused(error, f"{where}, {made.get('id')}") from error
    return _filled(claim, where) if isinstance(claim, ValueClaim) else claim


def _filled(claim: ValueClaim, where: str) -> ValueClaim:
    """Return a claim with its number, and with an error or what stands for it."""
    held = claim.published
    if held.file:
        held = held.model_copy(update=printed(held.file, claim.select, f"{where}, {claim.id}"))
    if (held.error is None) == (held.tolerance is None):
        message = complaint(
            "one uncertainty is needed",
            where=f"{where}, {claim.id}, published",
            found="the paper's error and a tolerance" if held.error else "none",
            expected="the paper's error or, where it gives none, a tolerance with a reason",
        )
        raise DataError(message)
    return claim.model_copy(update={"published": held})


def _require_once(claims: list[Claim], where: str) -> None:
    seen: set[str] = set()
    for claim in claims:
        if claim.id in seen:
            raise DataError(complaint("a claim comes twice", where=where, found=repr(claim.id)))
        seen.add(claim.id)


def _refused(error: ValidationError, where: str) -> DataError:
    first = error.errors()[0]
    # A claim's place begins with its kind.
    place = ".".join(map(str, first["loc"][1 if first["loc"][:1] in KINDS else 0 :]))
    return DataError(
        complaint(
            first["msg"].removeprefix("Value error, "),
            where=f"{where}, {place}" if place else where,
            found=repr(first["input"])[:80],
            remedy="Kinds and fields are explained in reproduce/report/schema.py.",
        )
    )
