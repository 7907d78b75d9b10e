// What people do on the example portal, which speaks to the API: at the café in Mexico, with cards.

import assert from 'node:assert/strict';

import { inMexico } from './mexico.mjs';

/// How long a paid phone may take to be online on a busy machine.
const SOON = 20_000;

/** As `inMexico`, with the example portal as `demo.pagos`. */
export const inPagos = inMexico;

/** Opens the portal as the router sends a phone there, and waits for its plans. */
export async function openPortal(demo, page) {
  await page.goto(demo.pagos);
  await page.getByRole('heading', { name: 'Conéctese a internet' }).waitFor();
}

/** Chooses a plan and fills the buyer's form in. */
export async function choose(page, plan, { name = 'APRO Rosa Vega', email = 'rosa@example.com', online = true } = {}) {
  await page.locator('.plan').filter({ hasText: plan }).click();
  await page.getByLabel('Nombre').fill(name);
  await page.getByLabel('Correo').fill(email);
  if (!online) await page.getByLabel('Conectar este dispositivo al pagar').uncheck();
}

/** Pays with Conekta's form; the number decides. */
export async function payByConekta(page, number = '4242 4242 4242 4242') {
  await pick(page, 'Conekta');
  await page.getByLabel('Número de tarjeta').fill(number);
  await page.getByRole('button', { name: 'Pagar con tarjeta' }).click();
}

/** Pays with Mercado Pago's fields; the holder's name decides. */
export async function payByMercadoPago(page) {
  await pick(page, 'Mercado Pago');
  await page.getByLabel('cardNumber').fill('5474 9254 3267 0366');
  await page.getByLabel('expirationDate').fill('11/30');
  await page.getByLabel('securityCode').fill('123');
  await page.getByRole('button', { name: /^Pagar \$/ }).click();
}

/** The gateway, where the plan leaves a choice. */
async function pick(page, title) {
  const choice = page.getByLabel(title, { exact: true });
  if (await choice.count()) await choice.check();
}

/** Waits until the phone is in; answers with its code. */
export async function expectOnline(page, timeout = SOON) {
  await page.getByRole('heading', { name: 'Está en línea' }).waitFor({ timeout });
  return codeOn(page);
}

export async function codeOn(page) {
  return {
    user: await page.locator('output[data-code=user]').innerText(),
    password: await page.locator('output[data-code=password]').innerText(),
  };
}

/** What the phone keeps. */
export function kept(page, name) {
  return page.evaluate((item) => JSON.parse(localStorage.getItem(`mikrelay ${location.pathname} ${item}`)), name);
}

/** The router's own word: these users, and so many sessions. */
export async function expectOnRouter(demo, page, users, sessions) {
  await page.goto(demo.router);
  const names = await page.locator('#users tbody tr td:first-child b').allInnerTexts();
  assert.deepEqual(names.sort(), [...users].sort(), 'users on the router');
  assert.equal(await page.locator('#sessions tbody tr').count(), sessions, 'sessions on the router');
}

/** The phone's session ends on the router; its code stays good. */
export async function logOut(demo, context) {
  await context.request.post(new URL('/logout', demo.pagos).href);
}

/** The same browser on a phone of another MAC and address. */
export async function changeMac(demo, context) {
  await context.request.post(new URL('/phone', demo.pagos).href);
}

/** Everybody's time is up. */
export async function endAllPlans(demo, context) {
  await context.request.post(new URL('/router/forget', demo.pagos).href);
}

export async function switchRouter(demo, context, on) {
  await context.request.post(new URL('/router/power', demo.pagos).href, { form: { on: on ? 'yes' : 'no' } });
}
