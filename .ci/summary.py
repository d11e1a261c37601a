#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Add up Meson's test logs: one closing line, and a non-zero exit when anything failed.

A test program that prints its own count ("N passed, N failed", or pytest's closing
line) counts with these numbers, any other as one test.
"""
import argparse
import json
import os
import re
import sys

COUNT = re.compile(r"(\d+) (passed|failed|skipped|errors?)\b")


def count(record):
    """(passed, failed, skipped) of one Meson test."""
    tally = {"passed": 0, "failed": 0, "skipped": 0}
    closing = [line for line in record.get("stdout", "").splitlines()
               if re.search(r"\d+ passed", line) or re.search(r"\d+ failed", line)]
    if closing:
        for number, word in COUNT.findall(closing[-1]):
            tally["failed" if word.startswith("error") else word] += int(number)
    result = record["result"]
    if result == "SKIP":
        return 0, 0, max(1, tally["skipped"])
    if result in ("OK", "EXPECTEDFAIL"):
        return max(1, tally["passed"]), 0, tally["skipped"]
    return tally["passed"], max(1, tally["failed"]), tally["skipped"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--failed-builds", type=int, default=0)
    parser.add_argument("logs", nargs="*")
    arguments = parser.parse_args()

    totals = [0, arguments.failed_builds, 0]
    slowest = []
    for path in arguments.logs:
        if not os.path.exists(path):
            print(f"dev: no test ran for {os.path.basename(path)}")
            totals[1] += 1
            continue
        with open(path, encoding="utf-8") as log:
            for line in log:
                record = json.loads(line)
                passed, failed, skipped = count(record)
                totals = [totals[0] + passed, totals[1] + failed, totals[2] + skipped]
                slowest.append((record["duration"], record["name"]))
                if failed:
                    print(f"FAILED {record['name']} ({os.path.basename(path)})")
    if slowest:
        slowest.sort(reverse=True)
        print("slowest: " + ", ".join(f"{name} {seconds:.0f} s" for seconds, name in slowest[:5]))
    if totals[0] == 0 and totals[1] == 0:
        print("dev: no test ran")
        totals[1] = 1
    print(f"{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    sys.exit(1 if totals[1] else 0)


if __name__ == "__main__":
    main()
