// Every portal page of `tests/portals` that has buttons: it is imported into a running relay, the rewritten page is
// served as the router would serve it, a button is pressed, paid for, and the phone is online.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { phone, program, startBrowser, startDemo } from './demo.mjs';
import { MERCADOPAGO, payAs } from './mexico.mjs';
import { NUMBER, RECONCILED, decide, onPage } from './walk.mjs';

const portals = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../portals');
const run = promisify(execFile);

/// The pages without a button that could be pressed.
const SILENT = ['14-no-button.html'];
/// Sold in the demo's Mexican venue; all others in the African one.
const MEXICAN = ['17-mexico.html'];

const files = readdirSync(portals).filter((name) => name.endsWith('.html'));
const browser = startBrowser();
const folder = mkdtempSync(path.join(os.tmpdir(), 'mikrelay-import-'));
const data = path.join(folder, 'data');
const demo = await startDemo(['--data', data]);

after(async () => {
  await (await browser).close();
  const end = await demo.stop();
  rmSync(folder, { recursive: true });
  assert.deepEqual(end, { code: 0, signal: null }, demo.errors.join('\n'));
});

/** Runs the import as an operator would, beside the running relay. */
async function importPage(name, company) {
  const settings = path.join(folder, 'mikrelay.toml');
  writeFileSync(settings, `data_dir = "${data}"\npublic_url = "${demo.relay}"\n`);
  const old = path.join(folder, name);
  writeFileSync(old, readFileSync(path.join(portals, name)));
  const { stdout } = await run(program, ['--config', settings, 'import', old, '--company', company]);
  return { said: stdout, page: path.join(folder, name.replace('.html', '.mikrelay.html')) };
}

/** What the router puts in a page's variables for this phone. */
async function variables(portal, page) {
  await page.goto(portal);
  const [, ip, mac] = (await page.locator('.note', { hasText: /(\w\w:){5}/ }).innerText()).split(' · ');
  const status = new URL('/status', portal).href;
  const login = new URL('/login', portal).href;
  return {
    mac,
    ip,
    'mac-esc': encodeURIComponent(mac),
    'link-status': status,
    'link-status-esc': encodeURIComponent(status),
    'link-login-only': login,
    'server-name': 'hotspot1',
    identity: 'MikroTik',
  };
}

/** RouterOS' own expansion, byte for byte outside of the variables: `$(name)` and `$(if …)…$(else)…$(endif)`. */
function expand(bytes, values) {
  const condition = (text) => {
    const [, name, wanted] = /^([\w-]+)(?:\s*==\s*'([^']*)')?$/.exec(text.trim());
    return wanted === undefined ? Boolean(values[name]) : values[name] === wanted;
  };
  const shown = [true];
  let text = '';
  for (const part of bytes.toString('latin1').split(/(\$\([^)]*\))/)) {
    const found = /^\$\(([^)]*)\)$/.exec(part);
    const word = found?.[1].trim();
    if (word?.startsWith('if ')) shown.push(condition(word.slice(3)));
    else if (word === 'else') shown.push(!shown.pop());
    else if (word === 'endif') shown.pop();
    else if (shown.every(Boolean)) text += found ? (values[word] ?? '') : part;
  }
  return Buffer.from(text, 'latin1');
}

/** Serves one page as a hotspot does: without a charset, so that the page's own counts. */
async function serve(bytes) {
  const server = http.createServer((request, response) => {
    const isPage = request.url === '/';
    response.writeHead(isPage ? 200 : 404, { 'content-type': 'text/html' });
    response.end(isPage ? bytes : '');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, stop: () => server.close() };
}

/** The places among all elements of those that lead to `paths` of the relay when they are pressed. */
function buttons(page, paths) {
  return page.evaluate((links) => {
    const path = (text) => links.find((link) => new RegExp(`${link}(?![\\w-])`).test(text));
    const leads = (element) => {
      const own = ['href', 'onclick', 'data-url'].map((name) => element.getAttribute(name) ?? '').join(' ');
      const form = element.type === 'submit' ? element.form?.getAttribute('action') : '';
      return element.checkVisibility() && path(`${own} ${form ?? ''}`);
    };
    const all = [...document.body.querySelectorAll('*')];
    return all.map((element, at) => ({ at, leads: leads(element) })).filter((found) => found.leads);
  }, paths.map((path) => new URL(path, demo.relay).href));
}

/** The profiles that the demo's routers have, so that a sale can be delivered. */
const PROFILES = { awa: ['1H', '1J', '30J'], luna: ['1H', '1D'] };

/** The short links of the plans that can be delivered in this company's venue. */
async function deliverable(company) {
  const { stdout } = await run(program, ['--config', path.join(folder, 'mikrelay.toml'), 'export']);
  const records = stdout.split('\n[[plan]]\n').slice(1);
  const value = (record, name) => new RegExp(`^${name} = "(.*)"$`, 'm').exec(record)?.[1];
  const hotspots = { awa: 'main', luna: 'luna' };
  return records
    .filter((record) => value(record, 'hotspot') === hotspots[company])
    .filter((record) => PROFILES[company].includes(value(record, 'profile')))
    .map((record) => `/b/${value(record, 'id')}`);
}

/** From the buy page to the order's page, whichever gateway is behind it. */
async function pay(page) {
  const number = page.locator('input[name="phone"]:visible');
  const isMomo = (await number.count()) > 0;
  if (isMomo) await number.first().fill(NUMBER);
  await page.getByRole('button', { name: /^(Payer|Pagar)/ }).click();
  if (isMomo) {
    await page.waitForURL((url) => url.pathname.startsWith('/o/'));
    return decide(demo, page, { id: 'feexpay' }, 'pay');
  }
  await page.waitForURL((url) => url.origin !== new URL(demo.relay).origin);
  if (new URL(page.url()).pathname === MERCADOPAGO.page) await payAs(page, 'APRO');
  else await page.locator('button[value="pay"]').click();
  await page.waitForURL((url) => url.pathname.startsWith('/o/'));
}

/** Presses one button of the page on a phone of its own; the phone must be online in the end. */
async function sell(portal, bytes, paths, choose) {
  const { page, context, strangers } = await phone(await browser);
  await page.goto(portal);
  await context.request.post(new URL('/phone', portal).href);
  const hotspot = await serve(expand(bytes, await variables(portal, page)));
  try {
    await page.goto(hotspot.url);
    const found = await buttons(page, paths);
    assert.ok(found.length > 0, 'the page has no button that leads to the relay');
    const { at, leads } = choose(found);
    await page.locator('body *').nth(at).click();
    await page.waitForURL((url) => url.href.startsWith(leads));
    await pay(page);
    await page.getByRole('heading', { name: /^(Vous êtes en ligne|Está en línea)$/ }).waitFor({ timeout: RECONCILED }).catch(async (error) => {
      throw new Error(`${error.message}\n${await page.locator('body').innerText()}`);
    });
    const { code } = await onPage(page);
    await page.goto(new URL('/status', portal).href);
    assert.equal(await page.locator('#user').innerText(), code, 'the session is that of the code');
    assert.deepEqual(strangers, [], 'a page asked another machine');
    return found.length;
  } finally {
    hotspot.stop();
    await context.close();
  }
}

describe('each portal page sells once it is imported', () => {
  for (const name of files) {
    test(name, async () => {
      const company = MEXICAN.includes(name) ? 'luna' : 'awa';
      const portal = company === 'luna' ? demo.mexico : demo.portal;
      const { said, page } = await importPage(name, company);
      if (SILENT.includes(name)) {
        assert.match(said, /there is no old buy button/);
        assert.ok(!existsSync(page), 'nothing is written');
        return;
      }
      const [bytes, paths] = [readFileSync(page), await deliverable(company)];
      const count = await sell(portal, bytes, paths, (found) => found[0]);
      if (count > 1) await sell(portal, bytes, paths, (found) => found.at(-1));
    });
  }
});
