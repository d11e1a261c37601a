// SPDX-License-Identifier: MIT
// The levels of one binary frame of /ws/vu; /openapi.json describes its layout.

export const SILENCE_DB = -240;
const HEAD_BYTES = 16;
const RUNS = 1;

/** dBFS, by id - 1; "hold" is the peak that the server holds. */
export interface Levels {
  running: boolean;
  readonly nTablets: number;
  readonly nChannels: number;
  readonly listen: Float32Array;
  readonly listenHold: Float32Array;
  readonly talk: Float32Array;
  readonly talkHold: Float32Array;
  readonly line: Float32Array;
  readonly lineHold: Float32Array;
  readonly inside: Float32Array;
  readonly insideHold: Float32Array;
  /** channels on which the tablet's gate is open: bits 0 to 31, then 32 to 63 */
  readonly gates: Uint32Array;
}

const silent = (n: number) => new Float32Array(n).fill(SILENCE_DB);

export function silence(nTablets: number, nChannels: number): Levels {
  return {
    running: false, nTablets, nChannels,
    listen: silent(nTablets), listenHold: silent(nTablets), talk: silent(nTablets), talkHold: silent(nTablets),
    line: silent(nChannels), lineHold: silent(nChannels), inside: silent(nChannels), insideHold: silent(nChannels),
    gates: new Uint32Array(nTablets * 2),
  };
}

/** @param into  filled when its size is right, so that 60 frames a second make no garbage. @returns null: no frame of ours */
export function readFrame(buffer: ArrayBuffer, into: Levels | null): Levels | null {
  if (buffer.byteLength < HEAD_BYTES) return null;
  const view = new DataView(buffer);
  const nTablets = view.getUint8(2), nChannels = view.getUint8(3);
  if (view.getUint8(0) !== 1 || buffer.byteLength < HEAD_BYTES + 16 * nTablets + 8 * nChannels) return null;
  const levels = into?.nTablets === nTablets && into.nChannels === nChannels ? into : silence(nTablets, nChannels);
  let at = HEAD_BYTES;
  const next = () => {
    const value = view.getInt16(at, true) / 100;
    at += 2;
    return value;
  };
  levels.running = (view.getUint8(1) & RUNS) !== 0;
  for (let i = 0; i < nTablets * 2; i++, at += 4) levels.gates[i] = view.getUint32(at, true);
  for (let t = 0; t < nTablets; t++) {
    levels.listen[t] = next();
    levels.listenHold[t] = next();
    levels.talk[t] = next();
    levels.talkHold[t] = next();
  }
  for (let c = 0; c < nChannels; c++) {
    levels.line[c] = next();
    levels.lineHold[c] = next();
    levels.inside[c] = next();
    levels.insideHold[c] = next();
  }
  return levels;
}

export const gateIsOpen = (levels: Levels, tablet: number, channel: number): boolean =>
  (((levels.gates[(tablet - 1) * 2 + (channel > 32 ? 1 : 0)] ?? 0) >>> ((channel - 1) & 31)) & 1) === 1;
