"""Make ``python -m compendium`` the command line."""

from compendium.cli import main

main()
