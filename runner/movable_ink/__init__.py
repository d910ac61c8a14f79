"""Movable Ink: where its events go, their contracts, samples and webhook templates."""
