"""Tests of the runner: pure modules by table, the command line as a user runs it."""
