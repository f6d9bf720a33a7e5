"""`submission.yaml`: what an author says of an embedding."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from benchmark.submissions.findings import Finding, Refused, fault, quoted
from benchmark.submissions.reading import read_limited
from benchmark.submissions.rules import Rules, rules_of
from benchmark.submissions.strict_yaml import parse_yaml

if TYPE_CHECKING:
    import os

    from pydantic_core import ErrorDetails

FILE = "submission.yaml"
MAX_BYTES = 32_768
MAX_DIMENSIONS = 64
_SHOWN = 5  # faults of one file
_NAME = r"[a-z0-9][a-z0-9_-]{1,40}"
_HOST = r"https://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?"
_URL = re.compile(_HOST + r"(?:/[A-Za-z0-9._~:/?#@!$&()*+,;=%-]*)?")
_LICENCE = re.compile(r"[A-Za-z0-9.+-]{1,60}")
# Control and format characters (among them those that turn the writing around), private ones and
# halves of a pair: none of them can be seen, and all can make a text look like another.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_CONFIG = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _complain(code: str, what: str, expected: str) -> PydanticCustomError:
    return PydanticCustomError(
        "submission", "{what}", {"code": code, "what": what, "expected": expected}
    )


def _plain(text: str) -> str:
    kinds = {unicodedata.category(letter) for letter in text.replace("\n", " ")}
    if kinds & _UNSEEN or unicodedata.normalize("NFC", text) != text:
        what = "a text with characters that cannot be seen, or not in normal form"
        raise _complain(
            code="unseen_characters",
            what=what,
            expected="printable characters, in Unicode's form NFC",
        )
    if not text.strip():
        raise _complain(code="empty_text", what="an empty text", expected="some words")
    return text


def _one_line(text: str) -> str:
    if "\n" in text:
        raise _complain(code="several_lines", what="several lines", expected="one line")
    return text


def _spdx(text: str) -> str:
    try:
        if _LICENCE.fullmatch(text) and canonicalize_license_expression(text) == text:
            return text
    except InvalidLicenseExpression:
        pass
    expected = "an SPDX identifier such as MIT, or LicenseRef-NAME for one's own"
    raise _complain(code="bad_licence", what="no licence of this name", expected=expected)


def _https(text: str) -> str:
    if not _URL.fullmatch(text):
        raise _complain(
            code="bad_code_url",
            what="not a web address",
            expected="https://HOST/PATH in plain letters",
        )
    return text


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        return _one_line(_plain(value))
    return value


def _unique(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise _complain(
            code="listed_twice", what="an entry stands twice", expected="each entry once"
        )
    return names


Text = Annotated[str, Field(max_length=2000), AfterValidator(_plain)]
Line = Annotated[str, Field(max_length=200), AfterValidator(_plain), AfterValidator(_one_line)]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,79}$")]
Point = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,80}$")]
Scalar = Annotated[bool | int | float | str | None, AfterValidator(_scalar)]
Name = Annotated[str, Field(pattern=rf"^{_NAME}$")]


class TrainedProcess(BaseModel):
    """Events of one process that were trained on.

    Attributes:
        process: As in the dataset's card.
        points: Its mass points, or "all".
    """

    model_config = _CONFIG

    process: Word
    points: Literal["all"] | Annotated[tuple[Point, ...], Field(min_length=1, max_length=64)]


class TrainedOn(BaseModel):
    """The events that an embedding learned from.

    Attributes:
        labels: Whether the process or the mass point of an event was used.
        processes: Empty for an embedding that learned from no event.
        releases: Of the dataset, by name.
        splits: Parts of the task's splits.
    """

    model_config = _CONFIG

    labels: bool
    processes: Annotated[tuple[TrainedProcess, ...], Field(max_length=64)]
    releases: Annotated[tuple[Word, ...], Field(max_length=16), AfterValidator(_unique)]
    splits: Annotated[tuple[Word, ...], Field(max_length=8), AfterValidator(_unique)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = [entry.process for entry in self.processes]
        if len(set(names)) < len(names):
            what = "a process stands twice"
            raise _complain(
                code="process_twice",
                what=what,
                expected="one entry a process, with all its points",
            )
        for entry in self.processes:
            if entry.points != "all":
                _unique(entry.points)
        if self.labels and not names:
            raise _complain(
                code="labels_of_nothing", what="labels of no process", expected="the processes"
            )
        if bool(names) != bool(self.splits) or bool(names) != bool(self.releases):
            what = "processes, splits and releases do not go together"
            raise _complain(
                code="trained_on_in_part", what=what, expected="all three, or none for no training"
            )
        return self


class Submission(BaseModel):
    """What an author says of an embedding; nothing of it is believed where it can be measured.

    Attributes:
        name: On the board: small letters, digits, "-", "_".
        title: In words.
        authors: At least one.
        version: Of the embedding.
        licence: SPDX identifier.
        code_url: Where the code is, https.
        citation: How to cite it.
        task: Name of the task.
        task_digest: Of the specification that it was made for.
        kind: "latents" or "encoder".
        dimensions: Of the latents.
        trained_on: What it learned from: the regime of every cell follows from it.
        hyper_parameters: Names and scalars.
        hardware: That it was trained on.
        hours: Of training.
    """

    model_config = _CONFIG

    name: Name
    title: Line
    authors: Annotated[tuple[Line, ...], Field(min_length=1, max_length=100)]
    version: Line
    licence: Annotated[str, AfterValidator(_spdx)]
    code_url: Annotated[str, Field(max_length=300), AfterValidator(_https)]
    citation: Text
    task: Literal["diphoton", "cms_adc"]
    task_digest: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    kind: Literal["latents", "encoder"]
    dimensions: Annotated[int, Field(ge=1, le=MAX_DIMENSIONS)]
    trained_on: TrainedOn
    hyper_parameters: Annotated[dict[Word, Scalar], Field(max_length=64)]
    hardware: Line
    hours: Annotated[float, Field(ge=0, le=1e7)]


def read_submission(path: str | os.PathLike[str]) -> Submission:
    """Return what a `submission.yaml` says, checked against its task.

    Raises:
        Refused: It is too large, no plain YAML, breaks a rule, is for another version of the
            task, or names a process, a point or a split that the task does not allow.
    """
    where = FILE
    try:
        text = read_limited(path, MAX_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        raise fault(
            code="bad_yaml", what="not UTF-8", where=where, found=str(error.reason)
        ) from error
    content = parse_yaml(text, where)
    if not isinstance(content, dict):
        raise fault(
            code="bad_yaml", what="no names with values", where=where, found=quoted(content)
        )
    try:
        # Through JSON, in which a list may become a tuple while all else stays strict.
        submission = Submission.model_validate_json(json.dumps(content, allow_nan=True))
    except ValidationError as error:
        # The first complaint of each field.
        details = reversed([_finding(one, where) for one in error.errors(include_url=False)])
        found = [*dict(details).values()][::-1]
        raise Refused(found[:_SHOWN]) from error
    if found := [*_against(rules_of(submission.task), submission, where)]:
        raise Refused(found[:_SHOWN])
    return submission


_CODES = {"missing": "missing_field", "extra_forbidden": "unknown_field"}
_WHAT = {"missing": "a field is missing", "extra_forbidden": "no such field"}
_EXPECTED = {
    "missing": "",
    "string_pattern_mismatch": "a text of the form {pattern}",
    "string_too_long": "at most {max_length} characters",
    "too_long": "at most {max_length}",
    "too_short": "at least {min_length}",
    "literal_error": "{expected}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "finite_number": "a finite number",
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "names with values",
    "model_type": "names with values",
}
# Fields that take values of several kinds, each of which would complain by itself.
_MIXED = {
    "points": "all, or a list of mass points, each once",
    "hyper_parameters": "names and scalars",
}


def _finding(detail: ErrorDetails, where: str) -> tuple[str, Finding]:
    """Return field and finding of one broken rule of the schema."""
    kind, context, keys = detail["type"], detail.get("ctx", {}), [str(k) for k in detail["loc"]]
    mixed = next((key for key in keys if key in _MIXED), "")
    if mixed and kind not in ("missing", "extra_forbidden", "submission"):
        keys = keys[: keys.index(mixed) + 1]
        expected = _MIXED[mixed]
    elif kind == "extra_forbidden":
        known = Submission if len(keys) == 1 else TrainedOn
        expected = ", ".join(known.model_fields) if len(keys) < 3 else "process, points"
    else:
        expected = context.get("expected") or _EXPECTED.get(kind, detail["msg"])
        expected = expected.format(**context) if kind in _EXPECTED else expected
    field = quoted(".".join(keys))[1:-1]
    error = fault(
        code=context.get("code", _CODES.get(kind, f"bad_{keys[0]}" if keys else "bad_content")),
        what=context.get("what", _WHAT.get(kind, "bad value")),
        where=f"{where}: {field}" if field else where,
        found="" if kind == "missing" else quoted(detail["input"]),
        expected=str(expected),
    )
    return field, error.findings[0]


def _against(rules: Rules, submission: Submission, where: str) -> list[Finding]:
    """Return what the task does not allow."""
    found: list[Refused] = []
    if submission.task_digest != rules.spec.digest():
        found.append(
            fault(
                code="wrong_task_digest",
                what=f"made for another version of the task {submission.task}",
                where=f"{where}: task_digest",
                found=submission.task_digest,
                expected=rules.spec.digest(),
                remedy="Make the submission again for this version.",
            )
        )
    trained = submission.trained_on
    for part in trained.splits:
        if part in rules.training:
            continue
        evaluated = part in rules.evaluation
        found.append(
            fault(
                code="evaluation_split" if evaluated else "unknown_split",
                what="trained on evaluation events" if evaluated else "no part to train on",
                where=f"{where}: trained_on.splits",
                found=quoted(part),
                expected=" or ".join(rules.training),
            )
        )
    for entry in trained.processes:
        found += _process(rules, entry.process, entry.points, f"{where}: trained_on.processes")
    return [error.findings[0] for error in found]


def _process(
    rules: Rules, name: str, points: Literal["all"] | tuple[str, ...], where: str
) -> list[Refused]:
    known = {process.name: [p.name for p in process.points] for process in rules.card.processes}
    if name not in known:
        expected = ", ".join(known)
        return [
            fault(
                code="unknown_process",
                what="no such process",
                where=where,
                found=quoted(name),
                expected=expected,
            )
        ]
    if points == "all":
        return []
    expected = f"all, or some of {', '.join(map(repr, known[name]))}"
    return [
        fault(
            code="unknown_point",
            what=f"no such mass point of {name}",
            where=where,
            found=quoted(point),
            expected=expected,
        )
        for point in points
        if point not in known[name]
    ]
