// SPDX-License-Identifier: MIT
// The page's arithmetic of gains.
import assert from "node:assert";
import { readFileSync } from "node:fs";

// Old Node.js takes a .js file for CommonJS: say what it is.
const text = readFileSync(new URL("../../daemon/web/plain/gains.js", import.meta.url));
const gains = await import(`data:text/javascript;base64,${text.toString("base64")}`);
const { OFF_DB, formatDb, isOff, parseDb, stepDb, toDb } = gains;

assert.equal(toDb(0), OFF_DB);
assert.ok(Math.abs(toDb(0.25118864315095801) + 12) < 1e-9);
assert.equal(formatDb(-12.000001), "\u221212");
assert.equal(formatDb(-7.5), "\u22127.5");
assert.equal(formatDb(3.25), "+3.3");
assert.equal(formatDb(0.01), "0");
assert.equal(formatDb(-240), "off");
for (const [text, db] of [["-12", -12], ["\u22126.5 dB", -6.5], ["+3", 3], ["0,5", 0.5], ["off", OFF_DB], [" 20 ", 20]])
  assert.equal(parseDb(text), db, text);
for (const text of ["", "x", "1e3", "21", "-241", "--1", "1.2.3", "NaN", "Infinity"]) assert.ok(Number.isNaN(parseDb(text)), text);
assert.equal(stepDb(-12, 1), -11);
assert.equal(stepDb(-60, -1), OFF_DB);
assert.equal(stepDb(OFF_DB, -1), OFF_DB);
assert.equal(stepDb(OFF_DB, 1), -60);
assert.equal(stepDb(20, 1), 20);
assert.ok(isOff(OFF_DB) && !isOff(-60));
console.log("1 passed, 0 failed");
