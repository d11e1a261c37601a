// SPDX-License-Identifier: MIT
// Meters: one canvas each, drawn once a display frame, only where something has moved.

const FLOOR_DB = -60;
const FALL_DB_PER_SECOND = 40; // of the bar between two messages; the hold mark is the server's
const MARKS = [-40, -20, -6];

const meters = new Set();
let colours = null;

const share = (db) => Math.min(1, Math.max(0, (db - FLOOR_DB) / -FLOOR_DB));

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const get = (name) => style.getPropertyValue(name).trim();
  colours = {
    track: get("--meter-track"), mark: get("--meter-mark"), hold: get("--meter-hold"),
    low: get("--meter-low"), mid: get("--meter-mid"), high: get("--meter-high"),
  };
  for (const meter of meters) meter.dirty = true;
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readColours);

class Meter {
  /** @param rows number of bars, one below the other */
  constructor(canvas, rows) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.rows = Array.from({ length: rows }, () => ({ target: -240, shown: -240, hold: -240 }));
    this.dirty = true;
    this.width = this.height = 0;
    this.observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry.contentRect;
      const scale = devicePixelRatio || 1;
      canvas.width = Math.max(1, Math.round(width * scale));
      canvas.height = Math.max(1, Math.round(height * scale));
      this.dirty = true;
    });
    this.observer.observe(canvas);
  }

  set(row, db, hold) {
    const bar = this.rows[row];
    bar.target = db;
    if (bar.hold !== hold) this.dirty = true;
    bar.hold = hold;
  }

  step(seconds) {
    for (const bar of this.rows) {
      const fallen = Math.max(FLOOR_DB, bar.shown - FALL_DB_PER_SECOND * seconds);
      const next = Math.max(FLOOR_DB, bar.target, Math.min(fallen, bar.shown));
      if (Math.abs(next - bar.shown) > 0.05) {
        bar.shown = next;
        this.dirty = true;
      }
    }
    if (!this.dirty || this.canvas.width < 2) return;
    this.dirty = false;
    this.draw();
  }

  draw() {
    const { context: c, canvas } = this;
    const scale = devicePixelRatio || 1;
    const gap = Math.round(2 * scale);
    const height = Math.floor((canvas.height - gap * (this.rows.length - 1)) / this.rows.length);
    const paint = c.createLinearGradient(0, 0, canvas.width, 0);
    paint.addColorStop(0, colours.low);
    paint.addColorStop(share(-20), colours.low);
    paint.addColorStop(share(-9), colours.mid);
    paint.addColorStop(share(-3), colours.high);
    c.clearRect(0, 0, canvas.width, canvas.height);
    this.rows.forEach((bar, row) => {
      const y = row * (height + gap);
      c.fillStyle = colours.track;
      c.fillRect(0, y, canvas.width, height);
      c.fillStyle = paint;
      c.fillRect(0, y, share(bar.shown) * canvas.width, height);
      c.fillStyle = colours.mark;
      for (const mark of MARKS) c.fillRect(Math.round(share(mark) * canvas.width), y, Math.max(1, scale), height);
      if (bar.hold > FLOOR_DB) {
        c.fillStyle = bar.hold > -3 ? colours.high : colours.hold;
        c.fillRect(Math.round(share(bar.hold) * canvas.width) - scale, y, 2 * scale, height);
      }
    });
  }
}

export function addMeter(canvas, rows) {
  const meter = new Meter(canvas, rows);
  meters.add(meter);
  return meter;
}

export function removeMeters() {
  for (const meter of meters) meter.observer.disconnect();
  meters.clear();
}

let before = performance.now();
function frame(now) {
  const seconds = Math.min(0.25, (now - before) / 1000);
  before = now;
  if (!colours) readColours();
  for (const meter of meters) meter.step(seconds);
  requestAnimationFrame(frame);
}
requestAnimationFrame(frame);
