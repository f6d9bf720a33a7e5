"""What is the same for every contestant: events, splits, tasks, detectors and metrics."""
