"""Delivers what the dbt project says is pending, and records what became of it."""

__version__ = "0.1.0"
