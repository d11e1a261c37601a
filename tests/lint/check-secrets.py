#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Nothing in the tree carries a private key, a password or a package registry's address."""
import re

import tree

FORBIDDEN = [
    (re.compile(rb"-----BEGIN (RSA |EC |OPENSSH )?PRIVATE " + rb"KEY-----"), "a private key"),
    # but for the one of AWS's own documentation
    (re.compile(rb"AKIA(?!IOSFODNN7EXAMPLE)[0-9A-Z]{16}"), "an access key"),
    (re.compile(rb'"resolved": *"https?://'), "a registry's address in a lock file"),
]


def main():
    problems, n_checked = [], 0
    for path in tree.files():
        content = path.read_bytes()
        n_checked += 1
        for pattern, what in FORBIDDEN:
            if pattern.search(content):
                problems.append(f"{path.relative_to(tree.ROOT)}: holds {what}")
    tree.finish(problems, n_checked)


if __name__ == "__main__":
    main()
