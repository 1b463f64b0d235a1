"""Writes every committed fixture and what a reader must find in it.

    refpython TestData/generate.py            all recipes
    refpython TestData/generate.py tar legacy only these

A recipe is a file of recipes/ with a function `write(book)`. It fills fixtures/<recipe>/ and its rows of expected.json;
the rows of recipes that do not run stay. Run it with a Python that ../shared/reference/setup.sh made.
"""

import importlib
import json
import os
import pathlib
import sys
import warnings

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here))
warnings.filterwarnings("ignore")

from tools.book import Book  # noqa: E402  (after the path is set)


def main(wanted: list[str]) -> None:
    names = sorted(path.stem for path in (here / "recipes").glob("*.py") if path.stem != "__init__")
    if unknown := set(wanted) - set(names):
        sys.exit(f"no such recipe: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    os.chdir(here)  # paths that torch puts into a file are then relative, the same on every machine
    table = here / "expected.json"
    rows = json.loads(table.read_text()) if table.exists() else []
    for name in wanted or names:
        book = Book(here / "fixtures", name)
        importlib.import_module(f"recipes.{name}").write(book)
        rows = [row for row in rows if not row["file"].startswith(f"{name}/")] + book.rows
        print(f"{name}: {len(book.rows)} fixtures, {sum(len(row['tensors']) for row in book.rows)} tensors")
    rows = [row for row in rows if row["file"].split("/")[0] in names]
    rows.sort(key=lambda row: row["file"])
    table.write_text("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n")


main(sys.argv[1:])
