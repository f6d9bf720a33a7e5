"""`python -m reproduce.cli` is the same as `diadem`."""

from __future__ import annotations

from reproduce.cli.app import main

if __name__ == "__main__":
    main()
