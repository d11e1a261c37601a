// SPDX-License-Identifier: MIT
// Names in the room that there is, so that those which differ look different: pure.

export type Measure = (text: string) => number;

const MORE = "\u2026";

/** Both ends of what does not fit: numbers, which tell names apart, are mostly at the end. */
export function shorten(words: string, room: number, measure: Measure): string {
  if (measure(words) <= room) return words;
  const letters = Array.from(words);
  for (let n = letters.length - 1; n > 1; n--) {
    const tail = Math.floor(n / 2);
    const shown = `${letters.slice(0, n - tail).join("").trimEnd()}${MORE}${letters.slice(-tail).join("").trimStart()}`;
    if (measure(shown) <= room) return shown;
  }
  return MORE;
}

/** As many whole words as fit; of a longer word as many letters. */
function firstLine(words: string, room: number, measure: Measure): string {
  let fits = "";
  for (let at = words.indexOf(" "); at > 0 && measure(words.slice(0, at)) <= room; at = words.indexOf(" ", at + 1))
    fits = words.slice(0, at);
  if (fits) return fits;
  for (const letter of Array.from(words)) {
    if (fits && measure(fits + letter) > room) break;
    fits += letter;
  }
  return fits;
}

/** On one line, or on two when that is not enough and `most` allows it. */
export function inLines(words: string, room: number, most: 1 | 2, measure: Measure): readonly string[] {
  if (most === 1 || measure(words) <= room) return [shorten(words, room, measure)];
  const first = firstLine(words, room, measure), rest = words.slice(first.length).trim();
  if (!rest) return [first];
  const end = words.indexOf(" ");
  // a first word that is longer than its line had better be cut than spoil the other line
  return end > first.length && measure(rest) > room
    ? [shorten(words.slice(0, end), room, measure), shorten(words.slice(end + 1), room, measure)]
    : [first, shorten(rest, room, measure)];
}

export interface Name {
  readonly id: number;
  readonly text: string;
  /** in pixels */
  readonly room: number;
}

/** The lines of each name; those that would look alike begin with their number. */
export function fitNames(names: readonly Name[], most: 1 | 2, measure: Measure): readonly (readonly string[])[] {
  const shown = names.map(({ text, room }) => inLines(text, room, most, measure));
  const times = new Map<string, number>();
  for (const lines of shown) times.set(lines.join(" "), (times.get(lines.join(" ")) ?? 0) + 1);
  return shown.map((lines, i) => {
    const name = names[i];
    return name && (times.get(lines.join(" ")) ?? 0) > 1 ? inLines(`${name.id} ${name.text}`, name.room, most, measure) : lines;
  });
}
