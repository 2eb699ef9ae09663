"""`python -m backend.cli`: the same as `balai`."""

from backend.cli import main

main()
