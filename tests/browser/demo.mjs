// Starts `mikrelay demo` as a child process and Debian's Chromium beside it.

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const program = process.env.MIKRELAY ?? path.join(root, 'target/release/mikrelay');
const artifacts = process.env.ARTIFACTS ?? path.join(root, 'artifacts');
const screenshots = path.join(artifacts, 'screenshots');

/// The places the demo prints, one `name  address` a line, then `ready`.
export const PLACES = ['portal', 'phone', 'router', 'mailbox', 'relay', 'mexico', 'mexico_router', 'mexico_mailbox'];

/** Resolves when the demo has printed where everything is; `more` are further arguments. */
export async function startDemo(more = []) {
  const child = spawn(program, ['demo', '--port', '0', ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
  const errors = [];
  readline.createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const places = {};
  const started = Date.now();
  const ready = (async () => {
    for await (const line of readline.createInterface({ input: child.stdout })) {
      const found = /^(\w+)\s+(http:\/\/\S+)$/.exec(line.trim());
      if (found) places[found[1]] = found[2];
      // The example of a payment by link, with a key that works.
      if (line.startsWith('curl ')) places.curl = line.trim();
      if (line.trim() === 'ready') return;
    }
    throw new Error(`the demo ended before it was ready:\n${errors.join('\n')}`);
  })();
  await ready;
  const missing = [...PLACES, 'curl'].filter((name) => !places[name]);
  if (missing.length > 0) {
    child.kill('SIGKILL');
    throw new Error(`the demo did not print: ${missing.join(', ')}`);
  }
  return {
    ...places,
    tookMs: Date.now() - started,
    errors,
    /** SIGTERM, as systemd would; resolves with how the process ended. */
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** A browser that fetches nothing on its own. */
export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A small phone. What a page asks of any other machine fails the test. */
export async function phone(browser, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 360, height: 640 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
    locale: 'fr-BJ',
    ...options,
  });
  context.setDefaultTimeout(15_000);
  const strangers = [];
  await context.route(
    (url) => url.hostname !== '127.0.0.1',
    (route) => {
      strangers.push(route.request().url());
      return route.abort();
    },
  );
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
  });
  return { page, context, strangers, complaints };
}

/** Keeps what the phone shows, for people to look at. */
export async function screenshot(page, name) {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true });
}

/** The page is not wider than the phone. (A mobile browser widens its window with a page that is.) */
export async function fitsThePhone(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  const screen = page.viewportSize().width;
  if (wide > screen) throw new Error(`the page is ${wide} wide on a screen of ${screen}: ${page.url()}`);
}
