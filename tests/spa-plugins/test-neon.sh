#!/bin/sh
# SPDX-License-Identifier: MIT
# The NEON kernels against plain C, cross-compiled and run by qemu; exit 77 without the tools.
# Usage: test-neon.sh SOURCE-ROOT
set -eu

root=$1
cc=aarch64-linux-gnu-gcc
command -v $cc >/dev/null || {
	echo "skipped: no $cc"
	exit 77
}
qemu=$(command -v qemu-aarch64-static || command -v qemu-aarch64) || {
	echo "skipped: no qemu-aarch64"
	exit 77
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Headers of SPA are the same for all machines.
spa=$(pkg-config --variable=includedir libspa-0.2)/spa-0.2
$cc -std=gnu17 -O3 -Wall -Wextra -Werror -Wno-unused-parameter -D_GNU_SOURCE -DPL_HAVE_NEON \
	-ffp-contract=off -static -o "$folder/test-kernels" \
	-I"$root/spa-plugins/include" -I"$root/spa-plugins/dsp" -I"$root/tests" -idirafter "$spa" \
	"$root/spa-plugins/dsp/kernels.c" "$root/spa-plugins/dsp/kernels-c.c" \
	"$root/spa-plugins/dsp/kernels-neon.c" "$root/tests/spa-plugins/test-kernels.c" -lm
"$qemu" "$folder/test-kernels"
