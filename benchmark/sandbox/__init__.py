"""What runs in a process of its own, with limits: code that touches what strangers made.

Nothing here imports the rest of the suite, so that such a process starts fast and holds little.
"""

from __future__ import annotations
