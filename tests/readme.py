# SPDX-License-Identifier: MIT
"""The README's code blocks, so that tests can run each of its lines.

A block's fence says where it is run; KINDS lists them. What nobody could run is in a block "text".
"""

import pathlib
import re

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"

KINDS = {
    "sh": "in the clone, while `./dev run` goes on: tests/system/test_readme.py",
    "sh first-terminal": "these two are what the tests themselves begin with",
    "sh until-ctrl-c": "as sh; each line a program without an end",
    "sh box": "on a bare Debian machine, as root, in the clone: tests/vm/test_packages.py",
    "sh gateway": "afterwards on that machine: tests/vm/test_packages.py",
    "sh desktop": "likewise, on a desktop user's machine",
    "sh desktop-user": "by the desktop's user, after his next login",
    "text": "nowhere",
}


def kinds():
    """The fences that the README has."""
    return set(re.findall(r"^```(\S[^\n]*)$", README.read_text(encoding="utf-8"), re.M))


def blocks(kind):
    """(line number, text) of the README's blocks of one kind."""
    text = README.read_text(encoding="utf-8")
    for match in re.finditer(rf"^```{re.escape(kind)}\n(.*?)^```", text, re.M | re.S):
        yield text.count("\n", 0, match.start()) + 2, match.group(1)


def lines(kind):
    """(line number, text) of every single line in the blocks of one kind."""
    for number, text in blocks(kind):
        for offset, line in enumerate(text.splitlines()):
            yield number + offset, line
