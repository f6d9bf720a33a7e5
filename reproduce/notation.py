"""Numbers in the notation of the papers (errors in brackets, on the last digits) and settings."""

from __future__ import annotations

import math
from typing import Any

DASH = "-"
_DIGITS = 1e-9  # of result rows: smaller errors are rounding


def bracketed(value: float, *errors: float) -> str:
    """Return a value with its errors in brackets, all to the first digit of the smallest.

    Args:
        value: A dash stands for one that is not finite.
        *errors: Positive; a dash stands for one that is not known. With none known, or none
            above the ninth digit, the value has four digits.

    Example:
        >>> bracketed(0.8852, 0.0021), bracketed(168.3, 71.0), bracketed(14.93, 0.74)
        ('0.885(2)', '170(70)', '14.9(7)')
        >>> bracketed(0.8852, 0.0021, 0.0004), bracketed(0.8852, math.nan, 0.0004)
        ('0.8852(21)(4)', '0.8852(-)(4)')
        >>> bracketed(math.nan, 0.1), bracketed(0.98765, 0.0096), bracketed(0.98765, 1e-17)
        ('-', '0.99(1)', '0.9877(-)')
    """
    if not math.isfinite(value):
        return DASH
    least = _DIGITS * abs(value)
    known = [error for error in errors if math.isfinite(error) and error > least]
    if not known:
        return f"{value:.4g}" + f"({DASH})" * len(errors)
    place = _first_digit(min(known))
    return _rounded(value, place) + "".join(f"({_digits(e, place)})" for e in errors)


def _first_digit(error: float) -> int:
    """Return the power of ten of the first digit, after rounding to one digit: 0.096 is 0.1."""
    return math.floor(math.log10(float(f"{error:.0e}")))


def _rounded(value: float, place: int) -> str:
    return f"{round(value, -place):.{max(-place, 0)}f}"


def _digits(error: float, place: int) -> str:
    if not (math.isfinite(error) and error >= 0):
        return DASH
    # Decimals are dropped (0.002 is written 2), zeros before the point are not (70 stays 70).
    return f"{round(error / 10.0**place) * 10 ** max(place, 0):d}"


def in_sigma(sigma: float) -> str:
    """Return a difference in standard deviations with its sign.

    Example:
        >>> in_sigma(2.345), in_sigma(math.nan)
        ('+2.3', '-')
    """
    return f"{sigma:+.1f}" if math.isfinite(sigma) else DASH


def markdown(header: list[str], lines: list[list[str]], *, left: int) -> str:
    """Return a Markdown table; the first `left` columns hold text, the others numbers."""
    rule = [":--" if k < left else "--:" for k in range(len(header))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *lines)) + "\n"


def setting(value: Any) -> str:
    """Return a setting as people write it.

    Example:
        >>> setting(1_000_000), setting(3e-4), setting(0.1), setting(None)
        ('1,000,000', '3e-4', '0.1', 'none')
    """
    if value is None:
        return "none"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        mantissa, _, exponent = f"{value:g}".partition("e")
        if 0 < abs(value) < 1e-3:
            mantissa, _, exponent = f"{value:e}".partition("e")
        return f"{float(mantissa):g}e{int(exponent)}" if exponent else mantissa
    if isinstance(value, list | tuple):
        return "-".join(map(str, value))
    return str(value)
