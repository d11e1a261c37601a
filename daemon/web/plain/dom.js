// SPDX-License-Identifier: MIT
// Small help with the document: no framework, no strings that become markup.

/** el("button", {class: "x", onclick: f, "aria-label": "…"}, child, "text", …) */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export const byId = (id) => document.getElementById(id);

/** Only touches the document when something is different. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setPressed(button, on) {
  const text = on ? "true" : "false";
  if (button.getAttribute("aria-pressed") !== text) button.setAttribute("aria-pressed", text);
}

/** A short message at the bottom; errors stay longer. */
export function toast(text, isError = true) {
  const node = el("div", { class: isError ? "toast error" : "toast" }, text);
  byId("toasts").append(node);
  setTimeout(() => node.remove(), isError ? 6000 : 2500);
}
