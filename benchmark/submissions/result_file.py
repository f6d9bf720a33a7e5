"""The result file of a scored submission: its rows, and all that they depend on.

One JSON file a submission and profile. It holds what the submission says of itself, what the suite
measured, and digests of both, so that rows that were changed afterwards are noticed. In the file a
column that has one value in all rows stands once, under "same": that halves it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmark.checksums import written_paths
from benchmark.errors import DataError, complaint
from benchmark.mixing import canonical_json
from benchmark.results import COLUMNS, validate_rows

# Pydantic reads annotations when the program runs.
from benchmark.submissions.findings import Finding
from benchmark.submissions.schema import Submission

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

MAX_BYTES = 64 * 2**20
"""Of a result file; one of the full protocol has 3 MB."""
Status = Literal["self-reported latents", "encoder", "verified encoder"]
"""Who made the latents: the submitter, the suite, or the suite on events kept secret as well."""
Value = str | int | float | None
_Text = Annotated[str, Field(min_length=1, max_length=1000)]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_SHARED = ("task", "task_digest", "release", "profile")
_SHOWN = 200  # letters of a message about a bad value


class ScoredSubmission(BaseModel):
    """A submission and what the suite measured of it.

    Attributes:
        format: Of the file.
        submission: As its folder describes it.
        submission_digest: SHA-256 over the files of its folder.
        task: Name of the task.
        task_digest: Of the task's specification.
        release: Name and digest of the events.
        profile: How much was run.
        commit: Of the code.
        status: Where the latents come from.
        flags: What readers should know; a fault would have refused the submission.
        environment: Versions and machine.
        columns: Those of result rows.
        rows: Result rows, in the order of `validate_rows`; null where there is no number.
        rows_digest: SHA-256 of the canonical JSON of columns and rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[1] = 1
    submission: Submission
    submission_digest: _Hash
    task: _Text
    task_digest: _Text
    release: _Text
    profile: _Text
    commit: _Text
    status: Status
    flags: tuple[Finding, ...] = ()
    environment: dict[str, str]
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    rows_digest: str

    @classmethod
    def of(
        cls,
        submission: Submission,
        rows: pd.DataFrame,
        *,
        submission_digest: str,
        status: Status,
        environment: Mapping[str, str],
        flags: Iterable[Finding] = (),
    ) -> Self:
        """Return the result file of rows.

        Args:
            submission: What was scored.
            rows: Result rows of it, as for `validate_rows`.
            submission_digest: SHA-256 over the files of its folder.
            status: Where the latents come from.
            environment: Versions and machine.
            flags: Findings that do not refuse it.

        Raises:
            DataError: The rows are not valid, or not of this submission.
        """
        valid = validate_rows(rows, where=f"rows of {submission.name}")
        table = _plain(valid)
        made = cls(
            submission=submission,
            submission_digest=submission_digest,
            task=submission.task,
            task_digest=str(valid["task_digest"].iloc[0]),
            release=str(valid["release"].iloc[0]),
            profile=str(valid["profile"].iloc[0]),
            commit="+".join(sorted(set(valid["commit"]))),
            status=status,
            flags=tuple(flags),
            environment=dict(environment),
            columns=tuple(COLUMNS),
            rows=table,
            rows_digest=digest_of_rows(tuple(COLUMNS), table),
        )
        _check(made, f"result of {submission.name}")
        return made

    def frame(self) -> pd.DataFrame:
        """Return the result rows, as `validate_rows` does.

        Raises:
            DataError: A row is not valid.
        """
        table = pd.DataFrame(self.rows, columns=list(self.columns))
        return validate_rows(table, where=f"rows of {self.submission.name}")


def digest_of_rows(columns: tuple[str, ...], rows: tuple[tuple[Value, ...], ...]) -> str:
    """Return the SHA-256 of the canonical JSON of columns and rows."""
    return hashlib.sha256(canonical_json([columns, rows]).encode()).hexdigest()


def write_scored(path: str | os.PathLike[str], scored: ScoredSubmission) -> None:
    """Write a result file, whole or not at all; equal results give equal bytes.

    Raises:
        DataError: The rows do not belong to the rest, or are not valid; nothing is written.
        DiademError: The file cannot be written.
    """
    _check(scored, str(path))
    head: dict[str, Any] = scored.model_dump(mode="json")
    columns = dict(zip(scored.columns, zip(*head.pop("rows"), strict=True), strict=True))
    head["same"] = {name: held[0] for name, held in columns.items() if len(set(held)) == 1}
    varied = [held for name, held in columns.items() if name not in head["same"]]
    rows = zip(*varied, strict=True) if varied else [()]
    lines = ",\n".join(f"  {json.dumps(row, allow_nan=False)}" for row in rows)
    text = json.dumps(head, indent=1, allow_nan=False)
    with written_paths([path]) as (temporary,):
        # A row a line: a change of one number is a change of one line.
        temporary.write_text(f'{text[:-2]},\n "rows": [\n{lines}\n ]\n}}\n', encoding="utf-8")


def read_scored(path: str | os.PathLike[str]) -> ScoredSubmission:
    """Return a result file, all of it checked.

    Raises:
        DataError: It is missing, too large, not of this format, its rows are not those that it
            was written with, or they do not belong to the rest; the message names the file.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            message = complaint(
                "too large", where=str(file), found=f"{size} bytes", expected=f"<= {MAX_BYTES}"
            )
            raise DataError(message)
        content = _spread(json.loads(file.read_bytes()))
        # Through JSON, in which a list may become a tuple while all else stays strict.
        scored = ScoredSubmission.model_validate_json(json.dumps(content))
    except OSError as error:
        message = complaint("cannot be read", where=str(file), found=str(error))
        raise DataError(message) from error
    except ValidationError as error:
        raise DataError(_first_fault(error, str(file))) from error
    except (ValueError, RecursionError) as error:  # no JSON, or a number of thousands of digits
        message = complaint("not a result file", where=str(file), found=f"{error!s:.{_SHOWN}}")
        raise DataError(message) from error
    _check(scored, str(file))
    return scored


def _spread(content: Any) -> Any:
    """Return the content of a file with every column in every row, as far as it has that form."""
    if not isinstance(content, dict) or not isinstance(same := content.get("same"), dict):
        return content  # what is wrong with it the schema says
    made = {key: value for key, value in content.items() if key != "same"}
    rows, columns = made.get("rows"), made.get("columns")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return made
    varied = [name for name in columns if not isinstance(name, str) or name not in same]
    if not all(isinstance(row, list) and len(row) == len(varied) for row in rows):
        return made
    places = {name: k for k, name in enumerate(varied) if isinstance(name, str)}
    made["rows"] = [
        [row[places[name]] if name in places else same.get(name) for name in columns]
        for row in rows
    ]
    return made


def _plain(rows: pd.DataFrame) -> tuple[tuple[Value, ...], ...]:
    """Return valid rows as Python's own values; None for null."""
    columns = [
        [None if value != value else value for value in rows[name].tolist()] for name in COLUMNS
    ]
    return tuple(zip(*columns, strict=True))


def _check(scored: ScoredSubmission, where: str) -> None:
    """Hold the parts of a result to each other."""
    found = digest_of_rows(scored.columns, scored.rows)
    if found != scored.rows_digest:
        message = complaint(
            "the rows are not those that were written",
            where=where,
            found=f"digest {found[:12]}",
            expected=scored.rows_digest[:12],
            remedy="Score the submission again.",
        )
        raise DataError(message)
    if any(len(row) != len(scored.columns) for row in scored.rows):
        message = complaint("a row of another length than the columns", where=where)
        raise DataError(message)
    rows = scored.frame()
    wanted = {name: getattr(scored, name) for name in _SHARED}
    pairs = [(f"rows, {name}", rows[name].iloc[0], value) for name, value in wanted.items()]
    pairs += [("rows, embedding", name, scored.submission.name) for name in set(rows["embedding"])]
    pairs += [
        (f"submission, {name}", getattr(scored.submission, name), wanted[name])
        for name in ("task", "task_digest")
    ]
    pairs += [("flags, level", flag.level, "flag") for flag in scored.flags]
    for what, value, expected in pairs:
        if value != expected:
            message = complaint(what, where=where, found=repr(value), expected=repr(expected))
            raise DataError(message)


def _first_fault(error: ValidationError, where: str) -> str:
    fault = error.errors(include_url=False)[0]
    field = ".".join(map(str, fault["loc"]))
    return complaint(
        f"bad value of {field}" if field else "not a result file",
        where=where,
        found=f"{fault['input']!r:.{_SHOWN}}",
        expected=fault["msg"],
    )
