// SPDX-License-Identifier: MIT
// Canvas that is drawn once a display frame, where something has moved.

import { useEffect, useRef, type RefObject } from "react";

export interface Size {
  /** CSS pixels */
  readonly width: number;
  readonly height: number;
  /** device pixels for each */
  readonly scale: number;
}

export interface Painter {
  /**
   * Once a display frame.
   *
   * @param seconds  since the last one, at most 0.25
   * @param fresh    the canvas is empty: all of it is to be drawn
   */
  paint(context: CanvasRenderingContext2D, size: Size, seconds: number, fresh: boolean): void;
}

type Step = (seconds: number) => void;
const steps = new Set<Step>();
let last = 0;
let running = false;

function frame(now: number): void {
  const seconds = Math.min(0.25, (now - last) / 1000);
  last = now;
  for (const step of steps) step(seconds);
  running = steps.size > 0;
  if (running) requestAnimationFrame(frame);
}

/** @returns ends it */
export function everyFrame(step: Step): () => void {
  steps.add(step);
  if (!running) {
    running = true;
    requestAnimationFrame(frame);
  }
  return () => steps.delete(step);
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const kept = new Map<string, string>();
const recoloured = new Set<() => void>();
dark.addEventListener("change", () => {
  kept.clear();
  for (const listener of recoloured) listener();
});

/** A colour of the page's style sheet: colour("talk"). */
export function colour(name: string): string {
  let value = kept.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    kept.set(name, value);
  }
  return value;
}

/** The canvas has the size of its box; the painter draws in CSS pixels. */
export function useCanvas(painter: Painter): RefObject<HTMLCanvasElement | null> {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const node = canvas.current;
    const context = node?.getContext("2d", { alpha: true });
    if (!node || !context) return undefined;
    let size: Size = { width: 0, height: 0, scale: 1 };
    let fresh = true;
    const again = () => (fresh = true);
    const observer = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const { width, height } = entry.contentRect;
      size = { width, height, scale: devicePixelRatio || 1 };
      node.width = Math.max(1, Math.round(width * size.scale));
      node.height = Math.max(1, Math.round(height * size.scale));
      fresh = true;
    });
    observer.observe(node);
    recoloured.add(again);
    const stop = everyFrame((seconds) => {
      if (size.width < 1 || size.height < 1) return;
      if (fresh) {
        context.setTransform(size.scale, 0, 0, size.scale, 0, 0);
        context.clearRect(0, 0, size.width, size.height);
      }
      const all = fresh;
      fresh = false;
      painter.paint(context, size, seconds, all);
    });
    return () => {
      stop();
      observer.disconnect();
      recoloured.delete(again);
    };
  }, [painter]);
  return canvas;
}
