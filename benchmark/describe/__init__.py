"""What events look like: means, histograms and pages of each process."""

from __future__ import annotations
