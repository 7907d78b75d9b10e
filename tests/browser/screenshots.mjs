// Makes the pictures of the documents, docs/screenshots/*.png, from a running demo:
//
//   npm --prefix tests/browser run screenshots

import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { phone, startBrowser, startDemo } from './demo.mjs';
import { openGateways, openLogin } from './kit.mjs';
import { CONEKTA, expectToPay, goBack, goPay, takeReference } from './mexico.mjs';
import { GATEWAYS, choosePlan, decide, expectOnline, expectRouter, pressPay } from './walk.mjs';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../docs/screenshots');
/// Pictures are kept in the repository for ever.
const LARGEST_BYTES = 80_000;
const [fedapay, , feexpay] = GATEWAYS;

mkdirSync(folder, { recursive: true });
const demo = await startDemo();
const browser = await startBrowser();
try {
  const { page, context } = await phone(browser, { deviceScaleFactor: 1.25 });
  await page.goto(demo.portal);
  await keep(page, 'portal');
  await choosePlan(demo, page, feexpay);
  await keep(page, 'buy');
  await pressPay(page, feexpay);
  await page.getByRole('heading', { name: 'En attente du paiement' }).waitFor();
  await keep(page, 'order');
  await decide(demo, page, feexpay, 'pay');
  const { code } = await expectOnline(page);
  await keep(page, 'delivered');
  const other = await context.newPage();
  await expectRouter(demo, other, [code]);
  await keep(other, 'router');
  await choosePlan(demo, page, fedapay);
  await pressPay(page, fedapay);
  await keep(page, 'pay');
  await keepCash();
  await keepKit();
} finally {
  await browser.close();
  await demo.stop();
}

/** The café in Mexico: cash at a store, by Conekta. */
async function keepCash() {
  const { page } = await phone(browser, { deviceScaleFactor: 1.25, locale: 'es-MX' });
  await goPay({ ...demo, portal: demo.mexico }, page, CONEKTA);
  const reference = await takeReference(page, 'cash');
  await goBack(page);
  await expectToPay(page, reference, 'OXXO');
  await keep(page, 'cash');
}

/** The pages of `mikrelay kit`. */
async function keepKit() {
  const { page } = await phone(browser, { deviceScaleFactor: 1 });
  for (const look of ['light', 'night']) {
    await openLogin(demo, page, { look });
    await keep(page, `kit-${look}`);
  }
  const desk = await phone(browser, { viewport: { width: 820, height: 380 }, isMobile: false, deviceScaleFactor: 1 });
  await openGateways({ ...demo, relay: 'https://pay.example.net/' }, desk.page);
  await desk.page.evaluate(() => document.getElementById('awa-fedapay').scrollIntoView());
  await keep(desk.page, 'kit-gateways');
}

async function keep(page, name) {
  const file = path.join(folder, `${name}.png`);
  await page.screenshot({ path: file, animations: 'disabled' });
  const { size } = statSync(file);
  if (size > LARGEST_BYTES) throw new Error(`${file} has ${size} bytes`);
}
