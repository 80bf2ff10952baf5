"""`python -m flowbook.cli`: the same command where no script is on the path."""

from flowbook.cli import main

if __name__ == "__main__":
    main()
