"""The tasks: what is asked of every embedding."""
