"""The loader of Currents files."""
