"""Make ``python -m compendium`` the command line."""

from compendium.run.cli import main

main()
