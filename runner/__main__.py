"""`python -m runner` is `runner`."""

from .cli import main

main()
