"""What the figures and tables of the signal-aware contrastive paper share (arXiv:2603.25794)."""
