// Makes the kit of the demo's first company and opens it as phones and operators do.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { program, root } from './demo.mjs';
import { expand } from './macros.mjs';

/// The demo's first company, without what is filled in at its start.
const SITE = readFileSync(path.join(root, 'src/cli/demo/site.toml'), 'utf8').split('[[company]]\nid = "luna"')[0];

/** Runs `mikrelay kit` on the demo's records in a folder of its own; answers with what it printed. */
export function kit(demo, words, { mode = 'vc', plans } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'mikrelay-kit-'));
  try {
    const filled = { '{company}': 'Cyber Awa', '{router}': '10.99.0.2:8728', '{dns_name}': new URL(demo.portal).host };
    let site = SITE.replace('prefix = "mm"', `prefix = "mm"\nmode = "${mode}"`);
    for (const [name, text] of Object.entries(filled)) site = site.replaceAll(name, text);
    site = site.replaceAll('{uuid}', '61cd594b-2f01-48ca-8692-65e4ef3a36d5').replaceAll(/base_url = .*\n/g, '');
    if (plans) site = site.split('[[plan]]')[0] + many(plans);
    writeFileSync(path.join(folder, 'site.toml'), site);
    writeFileSync(path.join(folder, 'mikrelay.toml'), `public_url = "${demo.relay}"\n`);
    const run = (words) => execFileSync(program, words, { cwd: folder, encoding: 'utf8' });
    run(['apply', 'site.toml']);
    return run(['kit', ...words]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function many(count) {
  const labels = ['1 heure', 'Mois famille (5 appareils)', '30 minutes', '4 heures', 'Journée', '3 jours', 'Semaine étudiante', '15 jours', '30 jours'];
  const plan = (label, index) =>
    `[[plan]]\nid = "p${index}"\nhotspot = "main"\nlabel = "${label}"\nprofile = "P"\nprice = "${100 + 12_300 * index}"\n` +
    `time = "${index + 1}d12h"\ndata = "${index % 2}G"\n`;
  return labels.slice(0, count).map(plan).join('');
}

/** Puts the kit's login page where the router has it: at the portal's own address, macros filled in. */
export async function openLogin(demo, page, { look = 'light', language = 'fr', values = {}, ...site } = {}) {
  const source = kit(demo, ['login', '--hotspot', 'main', '--template', look, '--language', language], site);
  // The portal knows this browser's phone, and the router sees it.
  await page.goto(demo.portal);
  const [, ip, mac] = / ([\d.]+) · ([\dA-F:]{17})/.exec(await page.locator('main').innerText());
  const at = (place) => new URL(place, demo.portal).href;
  const known = {
    mac,
    ip,
    'mac-esc': encodeURIComponent(mac),
    'link-login-only': at('/login'),
    'link-orig': 'http://example.net/',
    'link-orig-esc': encodeURIComponent('http://example.net/'),
    'link-status-esc': encodeURIComponent(at('/status')),
    ...values,
  };
  const body = expand(source, known);
  const address = at('/login.html');
  await page.unroute(address);
  await page.route(address, (route) => route.fulfill({ body, contentType: 'text/html' }));
  const show = () => page.goto(address);
  await show();
  return { show, values: known };
}

/** Opens the page for the dashboards in a browser. */
export async function openGateways(demo, page) {
  const body = kit(demo, ['gateways', '--router', 'cotonou']);
  const address = new URL('/gateways.html', demo.portal).href;
  await page.route(address, (route) => route.fulfill({ body, contentType: 'text/html' }));
  await page.goto(address);
}
