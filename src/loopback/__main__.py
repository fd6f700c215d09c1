"""`python -m loopback` is the command `loopback`."""

from loopback.cli import main

if __name__ == "__main__":
    main()
