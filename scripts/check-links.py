#!/usr/bin/env python3
"""Every relative link and picture in the documents leads to a file that exists, every anchor to a heading."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")


def anchors(document):
    """The anchors that the headings of a document get on the usual hosts."""
    headings = re.findall(r"^#+ +(.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def faults(document):
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    for found in LINK.finditer(text):
        link = found.group(1) or found.group(2)
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists():
            yield f"{document.name}: `{link}` leads nowhere"
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            yield f"{document.name}: `{link}` has no such heading"


def main():
    documents = [path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")] if path.is_file()]
    found = [fault for document in documents for fault in faults(document)]
    print("\n".join(found) or f"{len(documents)} documents")
    return 1 if found or not documents else 0


sys.exit(main())
