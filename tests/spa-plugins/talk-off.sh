#!/bin/sh
# SPDX-License-Identifier: MIT
# talk-off.sh PROGRAM: the talk-off test over the recordings that this machine has.
set -eu
program=$1
set -- /usr/share/asterisk/sounds /usr/share/asterisk/moh /usr/share/codec2
if [ -n "${PARTYLINE_RECORDINGS:-}" ]; then
	set -- "$@" "$PARTYLINE_RECORDINGS"
fi
if [ -n "${PARTYLINE_SANITIZER:-}" ]; then # ten times as slow
	set -- --every 8 "$@"
fi
exec "$program" "$@"
