// SPDX-License-Identifier: MIT
// A pulse that goes on while the page is out of sight, where the page's own timers slow down.

const EVERY_MS = 200;

setInterval(() => postMessage(0), EVERY_MS);
