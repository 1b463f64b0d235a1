"""The report of a program that compares what was written with its source, case by case."""

import collections.abc
import json
import pathlib
import sys


def report(path: str, compare: collections.abc.Callable[[dict], tuple[int, list[str]]], title: collections.abc.Callable[[dict], str]) -> None:
    """Prints a line for each difference and, last, how many tensors were compared; exits 1 if anything differs.

    PATH is a JSON file with a list of cases. COMPARE returns the number of tensors of a case and its differences, TITLE its name.
    """
    compared = failed = 0
    for case in json.loads(pathlib.Path(path).read_text()):
        try:
            count, lines = compare(case)
        except Exception as error:
            count, lines = 0, [f"{type(error).__name__}: {error}"]
        compared, failed = compared + count, failed + len(lines)
        for line in lines:
            print(f"{title(case)}: {line}")
    print(f"{compared} tensors compared")
    sys.exit(1 if failed else 0)
