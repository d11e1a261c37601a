#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Key words of the contract (partyline.…) used in Lua, conf and C exist in keys.h."""
import re

import tree

WORD = re.compile(r"""["']?\b(partyline\.[a-z][a-z0-9.-]*[a-z0-9])\b""")
DEFINED = re.compile(r'"(partyline\.[^"]+)"')
# Names of files and D-Bus words that look like keys.
NOT_KEYS = re.compile(r"\.(conf|json|service|target|socket|schema\.json|schema|lua|so|html|c|h|xml|log|png|1|d)$")


def main():
    contract = tree.ROOT / "spa-plugins/include/partyline"
    known = set()
    for header in contract.glob("*.h"):
        known |= set(DEFINED.findall(header.read_text(encoding="utf-8")))
    patterns = [re.compile("^" + re.escape(word).replace("%u", r"(\d+|N|M|%d|\$\w+)") + "$") for word in known]

    problems, n_checked = [], 0
    for path in tree.files(".lua", ".conf", ".conf.in"):
        here = path.relative_to(tree.ROOT)
        if here.parts[0] not in ("policy", "conf"):
            continue
        text = path.read_text(encoding="utf-8")
        own = set(re.findall(r"(?:provides|script)\s*=\s*\"?([\w.-]+)", text))
        for number, line in enumerate(text.splitlines(), 1):
            code = re.sub(r"(--|#).*$", "", line)
            for word in WORD.findall(code):
                n_checked += 1
                if word in own or NOT_KEYS.search(word):
                    continue
                if not any(pattern.match(word) for pattern in patterns):
                    problems.append(f"{here}:{number}: {word} is not in partyline/keys.h")
    tree.finish(problems, n_checked)


if __name__ == "__main__":
    main()
