"""Numbers and strangers' texts, as they may be shown."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from benchmark.leaderboard import Cell, Standing

DASH = "\u2013"
MINUS = "\u2212"
REPLACED = "\ufffd"
_MOST = 3  # decimals
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Also what begins a link without brackets, on some sites: "://", "www." and "@".
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#!|~&@]|:(?=/)|(?<=www)\.)", re.IGNORECASE)
_PLAIN_URL = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~:/?#@!$&()*+,;=%-]*)?")


def plain(value: Any) -> Any:
    r"""Return texts, however deep, without characters that cannot be seen.

    Those that turn the direction of writing around could make one text look like another; a line
    break becomes a space, any other is replaced by a mark that can be seen.

    Example:
        >>> plain({"a": ["x\u202ey", 1]})
        {'a': ['x\ufffdy', 1]}
    """
    if isinstance(value, str):
        return "".join(map(_seen, value))
    if isinstance(value, Mapping):
        return {plain(key): plain(held) for key, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(held) for held in value]
    return value


def _seen(letter: str) -> str:
    if letter in "\n\t":
        return " "
    return REPLACED if unicodedata.category(letter) in _UNSEEN else letter


def typographic(text: str) -> str:
    r"""Return one of our texts with the signs that ASCII has none of.

    Example:
        >>> typographic("H -> ZZ") == "H \N{RIGHTWARDS ARROW} ZZ"
        True
    """
    return text.replace("->", "\u2192").replace("gamma gamma", "\u03b3\u03b3")


def safe_link(url: str) -> str:
    """Return an https address of plain letters; an empty text for anything else.

    Example:
        >>> safe_link("https://example.org/a?b=1"), safe_link("javascript:alert(1)")
        ('https://example.org/a?b=1', '')
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    good = parts.scheme == "https" and not parts.username and _PLAIN_URL.fullmatch(url)
    return url if good else ""


def for_markdown(text: object) -> str:
    r"""Return a text that no Markdown renderer takes for a mark, a link or a tag.

    Example:
        >>> for_markdown("<b>|[x](y)")
        '&lt;b&gt;\\|\\[x\\](y)'
    """
    escaped = _MARKDOWN.sub(r"\\\1", str(plain(str(text))))
    # As entities: inside a table some renderers look for tags before backslashes.
    return escaped.replace("\\<", "&lt;").replace("\\>", "&gt;").replace("\\&", "&amp;")


def decimals(*errors: float) -> int:
    """Return how many decimals show the smallest error: one digit, two where the first is 1.

    Example:
        >>> decimals(0.114), decimals(0.023), decimals(12.0), decimals(0.0)
        (2, 2, 0, 2)
    """
    known = [error for error in errors if error > 0 and math.isfinite(error)]
    if not known:
        return 2
    mantissa, exponent = f"{min(known):.1e}".split("e")
    return min(max(0, (1 if mantissa.startswith("1") else 0) - int(exponent)), _MOST)


def number(value: float, places: int) -> str:
    r"""Return a number with a typographic minus.

    Example:
        >>> number(-1.234, 1) == "\u22121.2"
        True
    """
    return f"{value:.{places}f}".replace("-", MINUS)


def value_and_errors(held: Cell | Standing) -> tuple[str, str, str]:
    """Return value, error upwards and error downwards, to the same digit; a dash for a blank.

    Example:
        >>> from benchmark.leaderboard import Cell
        >>> value_and_errors(Cell(signal="s", value=7.654, low=7.51, high=7.72))
        ('7.65', '0.07', '0.14')
    """
    if held.value is None or held.low is None or held.high is None:
        return DASH, "", ""
    up, down = held.high - held.value, held.value - held.low
    places = decimals(up, down)
    return number(held.value, places), number(up, places), number(down, places)


def short(held: Cell | Standing) -> tuple[str, str]:
    """Return value and the larger of its errors, for a narrow cell.

    Example:
        >>> from benchmark.leaderboard import Cell
        >>> short(Cell(signal="s", value=7.654, low=7.51, high=7.72))
        ('7.65', '0.14')
    """
    if held.value is None or held.low is None or held.high is None:
        return DASH, ""
    error = max(held.high - held.value, held.value - held.low)
    places = decimals(error)
    return number(held.value, places), number(error, places)


REGIMES = {
    "id": ("ID", "in distribution: this very signal was in the training"),
    "ip": ("IP", "interpolation: its process was in the training, this mass point was not"),
    "ep": ("EP", "extrapolation: other signals were in the training, this process was not"),
    "background": ("bkg", "background only: labels were used, of no signal"),
    "self-supervised": ("self", "self-supervised: no labels were used"),
}
"""Regime: what stands in a cell, and what it means."""
