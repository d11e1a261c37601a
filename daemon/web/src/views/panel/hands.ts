// SPDX-License-Identifier: MIT
// What hands do to talk keys: held is momentary, two taps latch, the next one lets go. Pure.

const DOUBLE_TAP_MS = 350;

/** What holds a key: a pointer's id, a keyboard's code. One key may be held by several. */
export type Grip = string;

interface KeyHands {
  readonly grips: readonly Grip[];
  readonly latched: boolean;
  /** the server has said that it is down */
  readonly confirmed: boolean;
  /** the press before: when, and by what */
  readonly pressedMs: number;
  readonly pressedBy: string;
}

export type Hands = ReadonlyMap<number, KeyHands>;

const free: KeyHands = { grips: [], latched: false, confirmed: false, pressedMs: -Infinity, pressedBy: "" };

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

/** What is down on the server now. A key that was, and is not any more, slips out of the hand: nobody is to
 *  hold one that says nothing. One that is not down yet is still on its way. */
export function follow(hands: Hands, keys: readonly number[]): Hands {
  let next: Map<number, KeyHands> | null = null;
  for (const [channel, key] of hands) {
    const isDown = keys.includes(channel);
    if (!isWanted(hands, channel) || isDown === key.confirmed) continue;
    next ??= new Map(hands);
    next.set(channel, isDown ? { ...key, confirmed: true } : free);
  }
  return next ?? hands;
}

/** "1" to "9", then "0": channels 1 to 10. */
export function channelOfDigit(code: string): number | null {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code)?.[1];
  if (digit === undefined) return null;
  return digit === "0" ? 10 : Number(digit);
}
