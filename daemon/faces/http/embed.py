#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Write the web page's files as one C table: embed.py OUT.c OUT.d [PATH=FILE | FOLDER]…

A folder's files have their paths in it; those below assets/ have a hash of their content in their name."""

import gzip
import hashlib
import mimetypes
import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
}


def array(name, data):
    lines = [f"static const unsigned char {name}[] = {{"]
    for i in range(0, len(data), 24):
        lines.append("\t" + ",".join(str(b) for b in data[i : i + 24]) + ",")
    lines.append("};")
    return "\n".join(lines)


def files_of(word):
    """(path, file) of each, and the folders that they are in."""
    if "=" in word:
        return [tuple(word.split("=", 1))], []
    root = pathlib.Path(word)
    found = sorted(root.rglob("*"))
    files = [(f"/{file.relative_to(root).as_posix()}", str(file)) for file in found if file.is_file()]
    return files, [word, *(str(folder) for folder in found if folder.is_dir())]


def main(out, depfile, *words):
    arrays, rows = [], []
    files, folders = [], []
    for word in words:
        more, within = files_of(word)
        files += more
        folders += within
    files.sort()
    for i, (path, file) in enumerate(files):
        with open(file, "rb") as f:
            data = f.read()
        suffix = "." + path.rsplit(".", 1)[-1]
        kind = TYPES.get(suffix) or mimetypes.guess_type(path)[0]
        etag = hashlib.sha256(data).hexdigest()[:20]
        small = gzip.compress(data, 9, mtime=0)
        arrays.append(array(f"data_{i}", data))
        zipped = "NULL, 0"
        immutable = "true" if path.startswith("/assets/") else "false"
        if len(small) < len(data) * 0.9:
            arrays.append(array(f"gzip_{i}", small))
            zipped = f"gzip_{i}, sizeof(gzip_{i})"
        rows.append(
            f'\t{{"{path}", "{kind}", "\\"{etag}\\"", data_{i}, sizeof(data_{i}), {zipped}, {immutable}}},'
        )
    with open(out, "w", encoding="ascii") as f:
        f.write("/* Made by embed.py. */\n#include \"static.h\"\n\n")
        f.write("\n".join(arrays))
        f.write("\n\nconst struct pl_static_file pl_static_files[] = {\n")
        f.write("\n".join(rows))
        f.write("\n};\nconst size_t pl_n_static_files = ")
        f.write("sizeof(pl_static_files) / sizeof(pl_static_files[0]);\n")
    with open(depfile, "w", encoding="utf-8") as f:
        f.write(f"{out}: " + " ".join([file for _, file in files] + folders) + "\n")


main(*sys.argv[1:])
