// SPDX-License-Identifier: MIT
// An ICE restart as text: what of an offer goes out, and how the answer comes into the description.

const NAMES = ["a=ice-ufrag:", "a=ice-pwd:"] as const;

const linesOf = (sdp: string): readonly string[] => sdp.split(/\r?\n/);

/** The first of each, as with BUNDLE all sections have the same. */
const namesOf = (sdp: string): readonly (string | undefined)[] => NAMES.map((name) => linesOf(sdp).find((line) => line.startsWith(name)));

/** A fragment (RFC 8840 4.4) with the names of an offer, and the candidates that it has; "" when it has no names. */
export function fragmentOf(offer: string): string {
  const names = namesOf(offer);
  if (names.includes(undefined)) return "";
  const lines = linesOf(offer);
  const candidates = lines.filter((line) => line.startsWith("a=candidate:") || line === "a=end-of-candidates");
  const mid = lines.find((line) => line.startsWith("a=mid:"));
  const section = candidates.length > 0 && mid ? ["m=audio 9 RTP/AVP 0", mid, ...candidates] : [];
  return [...names, ...section, ""].join("\r\n");
}

/** The answer that there was, with the names and addresses of the server's fragment; "" when that has no names. */
export function answerWith(answer: string, fragment: string): string {
  const names = namesOf(fragment);
  const candidates = linesOf(fragment).filter((line) => line.startsWith("a=candidate:"));
  if (names.includes(undefined)) return "";
  const lines = linesOf(answer).map((line) => names[NAMES.findIndex((name) => line.startsWith(name))] ?? line);
  if (candidates.length === 0) return lines.join("\r\n");
  const at = lines.findIndex((line) => line.startsWith("a=candidate:"));
  return lines.flatMap((line, i) => (i === at ? candidates : line.startsWith("a=candidate:") ? [] : [line])).join("\r\n");
}
