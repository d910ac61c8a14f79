"""Measures the runner against what the same machine can do at best."""
