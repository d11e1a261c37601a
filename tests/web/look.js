// SPDX-License-Identifier: MIT
// What is wrong with how a view looks: told as sentences, an empty list is well.
(() => {
  const problems = [];
  const nameOf = (e) => `${e.tagName.toLowerCase()}${e.id ? `#${e.id}` : ""}${[...e.classList].map((c) => `.${c}`).join("")} "${(e.getAttribute("aria-label") ?? e.textContent ?? "").trim().slice(0, 40)}"`;
  const isSeen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && e.getClientRects().length > 0;

  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) problems.push(`the page is ${root.scrollWidth} wide in ${innerWidth}`);
  const view = document.querySelector("#view");
  if (view.scrollWidth > view.clientWidth + 1) problems.push(`the view is ${view.scrollWidth} wide in ${view.clientWidth}`);

  // Text that is cut off, unless it says so by an ellipsis and has its whole in a title.
  for (const e of document.querySelectorAll("body *")) {
    if (!isSeen(e) || e.closest(".only-heard, svg") || e.matches("input, select, textarea, canvas, audio")) continue;
    const style = getComputedStyle(e);
    const hasText = [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
    if (!hasText) continue;
    const clips = style.overflowX === "hidden" || style.overflowX === "clip";
    if (clips && e.scrollWidth > e.clientWidth + 1 && !e.closest("[title]")) problems.push(`cut off: ${nameOf(e)}`);
    if ((style.overflowY === "hidden" || style.overflowY === "clip") && e.scrollHeight > e.clientHeight + 3) problems.push(`cut off below: ${nameOf(e)}`);
  }

  // What can be pressed lies beside each other, not on each other, and a finger hits it.
  const controls = [...document.querySelectorAll("button, a[href], input, select")].filter((e) => isSeen(e) && !e.matches(":disabled"));
  const boxes = controls.map((e) => ({ e, r: e.getBoundingClientRect() }));
  for (const [i, a] of boxes.entries()) {
    for (const b of boxes.slice(i + 1)) {
      if (a.e.contains(b.e) || b.e.contains(a.e) || a.e.closest("label")?.contains(b.e)) continue;
      if (!a.e.closest("#view") !== !b.e.closest("#view")) continue; // what scrolls goes below what does not
      const wide = Math.min(a.r.right, b.r.right) - Math.max(a.r.left, b.r.left);
      const high = Math.min(a.r.bottom, b.r.bottom) - Math.max(a.r.top, b.r.top);
      if (wide > 2 && high > 2) problems.push(`on each other: ${nameOf(a.e)} and ${nameOf(b.e)}`);
    }
  }

  // Boxes with nothing in them.
  for (const e of document.querySelectorAll(".sheet, .card, section, article"))
    if (isSeen(e) && !e.textContent.trim() && !e.querySelector("canvas, svg, img, input, audio")) problems.push(`empty: ${nameOf(e)}`);
  return problems;
})()
