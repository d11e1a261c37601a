// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { gateIsOpen, readFrame, silence } from "./levels";
import { fallen, share } from "./scale";
import { TalkWatch } from "./talk";

function frame(nTablets: number, nChannels: number): DataView {
  const view = new DataView(new ArrayBuffer(16 + 16 * nTablets + 8 * nChannels));
  view.setUint8(0, 1);
  view.setUint8(1, 1);
  view.setUint8(2, nTablets);
  view.setUint8(3, nChannels);
  return view;
}
const buffer = (view: DataView) => view.buffer as ArrayBuffer;

describe("a binary frame", () => {
  it("is read in its places", () => {
    const view = frame(2, 33);
    view.setUint32(16 + 8, 2, true); // tablet 2: channel 2 …
    view.setUint32(16 + 12, 1, true); // … and channel 33
    [-1000, -900, -800, -700].forEach((value, i) => view.setInt16(16 + 16 + 8 + 2 * i, value, true));
    [-2000, -1900, -24000, 150].forEach((value, i) => view.setInt16(16 + 32 + 8 * 32 + 2 * i, value, true));
    const levels = readFrame(buffer(view), null);
    if (!levels) throw new Error("refused");
    expect([levels.listen[1], levels.listenHold[1], levels.talk[1], levels.talkHold[1]]).toEqual([-10, -9, -8, -7]);
    expect([levels.line[32], levels.lineHold[32], levels.inside[32], levels.insideHold[32]]).toEqual([-20, -19, -240, 1.5]);
    expect([1, 2, 33].map((channel) => gateIsOpen(levels, 2, channel))).toEqual([false, true, true]);
    expect(readFrame(buffer(view), levels)).toBe(levels);
    expect(readFrame(buffer(frame(3, 1)), levels)).not.toBe(levels);
  });
  it("is refused when it is short or of another kind", () => {
    expect(readFrame(new ArrayBuffer(3), null)).toBeNull();
    expect(readFrame(buffer(frame(4, 4)).slice(0, -1), null)).toBeNull();
    const other = frame(1, 1);
    other.setUint8(0, 2);
    expect(readFrame(buffer(other), null)).toBeNull();
  });
});

describe("who talks", () => {
  it("needs an open gate and a voice, and outlives a pause between words", () => {
    const watch = new TalkWatch();
    const levels = silence(3, 2);
    expect(watch.take(levels, 0)).toBe(true); // so many channels
    levels.talk[1] = -20;
    expect(watch.take(levels, 10)).toBe(false); // no gate
    levels.gates[2] = 0b10;
    expect(watch.take(levels, 20)).toBe(true);
    expect(watch.talkers).toEqual([[], [2]]);
    levels.talk[1] = -240;
    expect(watch.take(levels, 300)).toBe(false);
    expect(watch.take(levels, 500)).toBe(true);
    expect(watch.talkers).toEqual([[], []]);
    expect(watch.clear()).toBe(false);
  });
});

describe("the scale", () => {
  it("is that of IEC 60268-18", () => {
    expect([-240, -70, -60, -40, -25, -20, -10, 0, 6].map(share)).toEqual([0, 0, 0.025, 0.15, 0.4, 0.5, 0.75, 1, 1]);
    expect(share(NaN)).toBe(0);
  });
  it("is fallen down in 1.7 s for 20 dB, and risen at once", () => {
    expect(fallen(0, -240, 1.7)).toBeCloseTo(-20, 6);
    expect(fallen(-50, -10, 0.01)).toBe(-10);
    expect(fallen(-69, -240, 10)).toBe(-70);
  });
});
