// SPDX-License-Identifier: MIT
// Playwright for tests in another language. A line of JSON on standard input asks and a line on
// standard output answers, one after the other; pages' complaints come in between. The end of the
// input ends the browser.
//
//   driver.mjs PACKAGES CHROMIUM TIMEOUT_MS FLAG…
//
//   {open: OPTIONS of the context}                    → {value: number of the page}
//   {page: NUMBER, selector, method: NAME, args: […]} → {value}, or {error}
//                                                       {page: NUMBER, problem: TEXT}
//
// A method is one of what a page has here ("page.goto", "context.cookies", "devtools.send", "wait"); with
// a selector it is the locator's ("page.click" is page.locator(selector).click).
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [, , packages, executablePath, timeout, ...args] = process.argv;
const { chromium } = createRequire(`${packages}/`)("playwright-core");
const pages = [];

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const isBad = (level) => level === "error" || level === "warning";

async function open(browser, options) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(Number(timeout));
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  const number = pages.length;
  const complain = (problem) => say({ page: number, problem });
  page.on("pageerror", (error) => complain(error.stack || String(error)));
  page.on("console", (message) => isBad(message.type()) && complain(`${message.text()} ${message.location().url}`));
  devtools.on("Audits.issueAdded", ({ issue }) => issue.code === "ContentSecurityPolicyIssue" && complain(JSON.stringify(issue.details)));
  await devtools.send("Audits.enable");

  // Looked at in the page itself, and again in the next one when that comes meanwhile.
  const wait = async (expression) => {
    for (;;) {
      try {
        return await page.evaluate(`new Promise((done, fail) => {
          const until = performance.now() + ${timeout};
          const look = () => {
            let is = false;
            try { is = ${expression}; } catch { /* what it looks at is not there yet */ }
            if (is) done(true);
            else if (performance.now() > until) fail(new Error("waited in vain"));
            else setTimeout(look, 15);
          };
          look();
        })`);
      } catch (error) {
        if (!/context was destroyed|navigation/i.test(error.message)) throw error;
      }
    }
  };
  pages.push({ context, page, devtools, wait });
  return number;
}

async function run({ page, selector, method, args }) {
  const path = method.split("."), name = path.pop();
  const owner = path.reduce((it, part) => it[part], pages[page]);
  return (selector ? owner.locator(selector) : owner)[name](...args);
}

// Pages scroll as they do for people. That those which were left are not kept is the harder case: their
// last requests go with them.
const ignoreDefaultArgs = ["--hide-scrollbars"];
const browser = await chromium.launch({ executablePath, args, timeout: Number(timeout), ignoreDefaultArgs });
say({ value: browser.version() });
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  try {
    say({ value: request.open ? await open(browser, request.open) : await run(request) });
  } catch (error) {
    say({ error: error.message });
  }
}
await browser.close();
