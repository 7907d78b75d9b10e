// What people do at the café in Mexico: cards, cash at a store, transfers; through Conekta and Mercado Pago.

import assert from 'node:assert/strict';

import { inDemo, onPage } from './walk.mjs';

export const CONEKTA = { name: 'Conekta', id: 'conekta', plan: 'hora', old: '/buy-mikhmon-conekta', page: '/checkout/' };
export const MERCADOPAGO = {
  name: 'Mercado Pago',
  id: 'mercadopago',
  plan: 'dia',
  old: '/buy-mikhmon-mercadopago',
  page: '/checkout/v1/redirect',
};

/// The test cards of Conekta's documentation.
export const CARDS = {
  pays: '4242 4242 4242 4242',
  declined: '4000 0000 0000 0002',
  withoutFunds: '4000 0000 0000 0127',
  challenged: '4000 0000 0000 1091',
};

const SOON = 15_000;

/** As `inDemo`; the phones are at the café, and so are router and mailbox. */
export function inMexico(walk) {
  return inDemo((world, context) => {
    const { mexico: portal, mexico_router: router, mexico_mailbox: mailbox } = world.demo;
    const take = (options) => world.take({ locale: 'es-MX', ...options });
    return walk({ ...world, demo: { ...world.demo, portal, router, mailbox }, take }, context);
  });
}

/** From the café's portal to the gateway's page. */
export async function goPay(demo, page, gateway, link = 'old') {
  await page.goto(demo.portal);
  const plan = page.locator(`#plan-${gateway.plan}`);
  await plan.getByRole('link', { name: link === 'old' ? 'Comprar' : 'enlace corto' }).click();
  await page.waitForURL((url) => url.pathname === (link === 'old' ? gateway.old : `/b/${gateway.plan}`));
  await page.getByRole('button', { name: /^Pagar/ }).click();
  await page.waitForURL((url) => url.pathname.startsWith(gateway.page));
}

/** Fills Conekta's card form in and sends it. */
export async function payByCard(page, number) {
  await page.getByLabel('Número de tarjeta').fill(number);
  await page.getByLabel('Nombre del titular').fill('Ana Ruiz');
  await page.getByLabel('Vencimiento').fill('08/30');
  await page.getByLabel('CVC').fill('123');
  await page.getByRole('button', { name: /^Pagar 15/ }).click();
}

/** Takes a reference for a store (`cash`) or an account to transfer to (`bank_transfer`); answers with its number. */
export async function takeReference(page, method) {
  await page.locator(`#${method} summary`).click();
  await page.getByRole('button', { name: method === 'cash' ? 'Generar referencia' : 'Generar CLABE' }).click();
  return page.locator('.reference').innerText();
}

/** Pays by card at Mercado Pago; the holder's name decides, `notice` what becomes of the webhook. */
export async function payAs(page, holder, { challenge = false, notice = 'pay' } = {}) {
  await page.locator('#holder').selectOption(holder);
  if (challenge) await page.getByLabel(/3-D Secure/).check();
  await page.locator('#choice').selectOption(notice);
  await page.locator('button[value="card"]').click();
}

/** From the portal to the decision, as a simulation offers it. */
export async function buyAt(demo, page, gateway, { notice = 'pay', link = 'old' } = {}) {
  await goPay(demo, page, gateway, link);
  if (gateway === CONEKTA) await page.locator(`button[value="${notice}"]`).click();
  else await payAs(page, 'APRO', { notice });
  await onOrder(page);
}

export async function onOrder(page) {
  await page.waitForURL((url) => url.pathname.startsWith('/o/'));
}

/** Follows the gateway's link back to the order's page. */
export async function goBack(page) {
  await page.getByRole('link', { name: 'Volver al comercio' }).click();
  await onOrder(page);
}

/** Waits for the order's page to say so; answers with the code and the reference on it. */
export async function expectOnline(page, timeout = SOON) {
  await page.getByRole('heading', { name: 'Está en línea' }).waitFor({ timeout });
  return onPage(page);
}

/** The order's page shows this number to pay with, and no code yet. */
export async function expectToPay(page, reference, place) {
  await page.getByRole('heading', { name: 'Pague con este número' }).waitFor();
  assert.equal(await page.locator('.code output').innerText(), reference);
  await page.getByText(place).first().waitFor();
}

/** The order's page says that the payment failed, and why in plain words. */
export async function expectFailed(page, reason) {
  await page.getByRole('heading', { name: 'El pago no se completó' }).waitFor();
  await page.getByText(reason).waitFor();
}

/** The phone is in, by the portal's own word. */
export async function expectSession(demo, page, code) {
  await page.goto(new URL('/status', demo.portal).href);
  await page.getByText('En línea', { exact: true }).waitFor();
  assert.equal(await page.locator('#user').innerText(), code);
}
