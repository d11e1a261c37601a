// SPDX-License-Identifier: MIT
// What hands do to talk keys: held is momentary, two taps latch, the next one lets go. Pure.

const DOUBLE_TAP_MS = 350;
/** Longer than what was said of the tap before may be late. */
const SLIP_MS = 700;

/** What holds a key: a pointer's id, a keyboard's code. One key may be held by several. */
export type Grip = string;

interface KeyHands {
  readonly grips: readonly Grip[];
  readonly latched: boolean;
  /** the server has said that it is down */
  readonly confirmed: boolean;
  /** and since then that it is up */
  readonly missingMs: number | null;
  /** the press before: when, and by what */
  readonly pressedMs: number;
  readonly pressedBy: string;
}

export type Hands = ReadonlyMap<number, KeyHands>;

const free: KeyHands = { grips: [], latched: false, confirmed: false, missingMs: null, pressedMs: -Infinity, pressedBy: "" };

export const noHands: Hands = new Map();

export const isWanted = (hands: Hands, channel: number): boolean => {
  const key = hands.get(channel);
  return key !== undefined && (key.latched || key.grips.length > 0);
};
export const isLatched = (hands: Hands, channel: number): boolean => hands.get(channel)?.latched ?? false;

/** Two taps are one hand's: fingers are alike, keys of a keyboard are not. */
const handOf = (grip: Grip): string => (grip.startsWith("pointer") ? "pointer" : grip);

/** @param tapsLatch  one tap is enough */
export function press(hands: Hands, channel: number, grip: Grip, nowMs: number, tapsLatch: boolean): Hands {
  const key = hands.get(channel) ?? free;
  if (key.grips.includes(grip)) return hands;
  const next = new Map(hands);
  if (key.latched) next.set(channel, free);
  else
    next.set(channel, {
      grips: [...key.grips, grip],
      latched: tapsLatch || (nowMs - key.pressedMs < DOUBLE_TAP_MS && handOf(grip) === key.pressedBy),
      confirmed: isWanted(hands, channel) && key.confirmed,
      missingMs: isWanted(hands, channel) ? key.missingMs : null,
      pressedMs: nowMs,
      pressedBy: handOf(grip),
    });
  return next;
}

/** Whatever the grip held, on whichever key. */
export function letGo(hands: Hands, grip: Grip): Hands {
  let next: Map<number, KeyHands> | null = null;
  for (const [channel, key] of hands) {
    if (!key.grips.includes(grip)) continue;
    next ??= new Map(hands);
    next.set(channel, { ...key, grips: key.grips.filter((other) => other !== grip) });
  }
  return next ?? hands;
}

/** The hand has left the page: what is latched stays, what is held does not. */
export function letAllGo(hands: Hands): Hands {
  if (![...hands.values()].some((key) => key.grips.length > 0)) return hands;
  return new Map([...hands].map(([channel, key]) => [channel, { ...key, grips: [] }]));
}

/** A key that the server does not let down. */
export function refuse(hands: Hands, channel: number): Hands {
  if (!isWanted(hands, channel)) return hands;
  return new Map(hands).set(channel, free);
}

/** What is down on the server now. A key that is not down yet is still on its way; that it is up may have
 *  been said of the tap before this one. */
export function follow(hands: Hands, keys: readonly number[], nowMs: number): Hands {
  const next = new Map(hands);
  for (const [channel, key] of hands) {
    if (!isWanted(hands, channel)) continue;
    if (keys.includes(channel)) next.set(channel, { ...key, confirmed: true, missingMs: null });
    else if (key.confirmed && key.missingMs === null) next.set(channel, { ...key, missingMs: nowMs });
  }
  return next;
}

/** A key that was down, and has been up for a while, slips out of the hand: nobody is to hold one that says
 *  nothing. */
export function slip(hands: Hands, nowMs: number): Hands {
  const lost = [...hands].filter(([channel, key]) => isWanted(hands, channel) && key.missingMs !== null && nowMs - key.missingMs >= SLIP_MS);
  if (!lost.length) return hands;
  const next = new Map(hands);
  for (const [channel] of lost) next.set(channel, free);
  return next;
}

/** "1" to "9", then "0": channels 1 to 10. */
export function channelOfDigit(code: string): number | null {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code)?.[1];
  if (digit === undefined) return null;
  return digit === "0" ? 10 : Number(digit);
}
