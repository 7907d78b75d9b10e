// The example portal against the demo: buying by both gateways, and coming back.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { closeBrowser } from './walk.mjs';
import {
  changeMac,
  choose,
  codeOn,
  endAllPlans,
  expectOnRouter,
  expectOnline,
  inPagos,
  kept,
  logOut,
  openPortal,
  payByConekta,
  payByMercadoPago,
  switchRouter,
} from './pagos.mjs';

const DESKTOP = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1, isMobile: false, hasTouch: false };

after(closeBrowser);

/** Buys and is online; answers with the code. */
async function buy(demo, page) {
  await openPortal(demo, page);
  await choose(page, '1 hora');
  await payByConekta(page);
  return expectOnline(page);
}

/** Requests that end on the relay, as `METHOD path`. */
function watch(demo, page) {
  const asked = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin === new URL(demo.relay).origin && request.method() !== 'OPTIONS') asked.push(`${request.method()} ${url.pathname}`);
  });
  return asked;
}

/** The bank decides a payment under review, on the gateway's own page. */
async function approve(page, gateway) {
  const script = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name).find((name) => name.endsWith('/js/v2')));
  await gateway.goto(new URL('/', script).href);
  await gateway.locator('tbody a').first().click();
  await gateway.locator('button[value=approve]').click();
  await gateway.waitForLoadState();
  await gateway.close();
}

describe('the example portal', { concurrency: 4 }, () => {
  test('Conekta: plans, form, code; the phone is online and the code is kept', inPagos(async ({ demo, take, picture }) => {
    const { page, context } = await take();
    const scripts = [];
    page.on('request', (request) => request.resourceType() === 'script' && scripts.push(new URL(request.url()).pathname));
    await openPortal(demo, page);
    await picture(page, 'pagos-plans');
    assert.ok(!scripts.some((path) => /js\/v2|conekta/.test(path)), 'a gateway was loaded before it was chosen');
    await choose(page, '1 hora');
    await page.getByRole('button', { name: 'Pagar con tarjeta' }).waitFor();
    assert.equal(await page.getByRole('button', { name: /^Pagar \$/ }).isVisible(), false, "the gateway's form has a button of its own");
    await picture(page, 'pagos-conekta');
    await payByConekta(page);
    const code = await expectOnline(page);
    await picture(page, 'pagos-online');
    assert.match(code.user, /^[A-Z0-9]{6}$/);
    assert.match(code.password, /^\d{4}$/);
    const { username, password } = await kept(page, 'code');
    assert.deepEqual([username, password], [code.user, code.password]);
    assert.equal(await kept(page, 'attempt'), null);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copiar: Contraseña' }).click();
    await page.getByText('Copiado').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), code.password);
    await expectOnRouter(demo, page, [code.user], 1);
    await page.goto(demo.mailbox);
    await page.locator('.notice', { hasText: code.password }).filter({ hasText: 'Cliente: APRO Rosa Vega' }).waitFor();
    await picture(page, 'pagos-telegram');
  }));

  test('Mercado Pago: the same, in two columns on a desktop', inPagos(async ({ demo, take, picture }) => {
    const { page } = await take(DESKTOP);
    await openPortal(demo, page);
    await picture(page, 'pagos-plans-desktop');
    await choose(page, '1 día');
    await picture(page, 'pagos-mercadopago-desktop');
    await payByMercadoPago(page);
    const code = await expectOnline(page);
    await picture(page, 'pagos-online-desktop');
    await expectOnRouter(demo, page, [code.user], 1);
  }));

  test('a refused card costs nothing, says why, and another card serves', inPagos(async ({ demo, take, picture, expectComplaint }) => {
    const taken = await take();
    const { page } = taken;
    await openPortal(demo, page);
    await choose(page, '1 hora');
    await payByConekta(page, '4000 0000 0000 0127');
    await page.getByRole('heading', { name: 'El pago no se hizo' }).waitFor();
    await picture(page, 'pagos-refused');
    expectComplaint(taken, /402/);
    assert.equal(await kept(page, 'attempt'), null);
    await page.getByRole('button', { name: 'Intentar de nuevo' }).click();
    assert.equal(await page.getByLabel('Correo').inputValue(), 'rosa@example.com', 'nobody types twice');
    await payByConekta(page);
    const code = await expectOnline(page);
    await expectOnRouter(demo, page, [code.user], 1);
  }));

  test('a form with gaps says what is missing, in every language', inPagos(async ({ demo, take, picture }) => {
    const { page } = await take();
    await openPortal(demo, page);
    await page.locator('.plan').filter({ hasText: '1 día' }).click();
    await page.getByRole('button', { name: /^Pagar \$/ }).click();
    await page.getByText('Escriba su nombre.').waitFor();
    assert.equal(await page.getByLabel('Nombre').getAttribute('aria-invalid'), 'true');
    await picture(page, 'pagos-gaps');
    for (const [name, heading] of [['English', 'Your details'], ['Français', 'Vos coordonnées'], ['Português', 'Seus dados'], ['Español', 'Sus datos']]) {
      await page.getByRole('button', { name }).click();
      await page.getByRole('heading', { name: heading }).waitFor();
    }
    await page.getByRole('button', { name: 'Français' }).click();
    await picture(page, 'pagos-form-fr');
    await page.reload();
    await page.getByRole('heading', { name: 'Connectez-vous à internet' }).waitFor();
  }));

  test('reload: the phone comes back with the code it keeps', inPagos(async ({ demo, take }) => {
    const { page, context } = await take();
    const code = await buy(demo, page);
    await logOut(demo, context);
    await page.goto(demo.pagos);
    assert.deepEqual(await expectOnline(page), code);
    await expectOnRouter(demo, page, [code.user], 1);
  }));

  test('a new MAC of the same phone comes back as well', inPagos(async ({ demo, take }) => {
    const { page, context } = await take();
    const code = await buy(demo, page);
    const { mac } = await kept(page, 'code');
    await logOut(demo, context);
    await changeMac(demo, context);
    await page.goto(demo.pagos);
    assert.deepEqual(await expectOnline(page), code);
    const now = await kept(page, 'code');
    assert.notEqual(now.mac, mac, 'the new MAC is kept');
  }));

  test('expired: the code is forgotten, and a new one bought', inPagos(async ({ demo, take, picture }) => {
    const { page, context } = await take();
    const old = await buy(demo, page);
    await endAllPlans(demo, context);
    await page.goto(demo.pagos);
    await page.getByText('Su plan terminó').waitFor();
    await picture(page, 'pagos-expired');
    assert.equal(await kept(page, 'code'), null);
    await choose(page, '1 día');
    await payByMercadoPago(page);
    const code = await expectOnline(page);
    assert.notDeepEqual(code, old);
    await expectOnRouter(demo, page, [code.user], 1);
  }));

  test('the router is off: the code stays, and the phone comes back by itself', inPagos(async ({ demo, take, picture }) => {
    const { page, context } = await take();
    const code = await buy(demo, page);
    await logOut(demo, context);
    await switchRouter(demo, context, false);
    await page.goto(demo.pagos);
    await page.getByRole('heading', { name: 'No pudimos comprobar su plan' }).waitFor({ timeout: 30_000 });
    await picture(page, 'pagos-router-off');
    assert.deepEqual(await codeOn(page), code);
    assert.equal((await kept(page, 'code')).username, code.user);
    await switchRouter(demo, context, true);
    await expectOnline(page, 60_000);
  }));

  test('a lost answer is asked for again under the same key: one charge, one code', inPagos(async (world) => {
    const { demo, take } = world;
    const taken = await take();
    const { page } = taken;
    const keys = [];
    let lost = 0;
    await page.route('**/api/v1/payments/pagar-*', async (route) => {
      if (route.request().method() !== 'POST') return route.continue();
      keys.push(route.request().headers()['idempotency-key']);
      if (lost++ > 0) return route.continue();
      // The service answers, and the answer does not arrive.
      await route.fetch();
      return route.abort('connectionreset');
    });
    await openPortal(demo, page);
    await choose(page, '1 hora');
    const failed = page.waitForEvent('requestfailed');
    await payByConekta(page);
    await failed;
    await page.reload();
    const code = await expectOnline(page);
    assert.ok(keys.length >= 2 && new Set(keys).size === 1, `${keys}`);
    await expectOnRouter(demo, page, [code.user], 1);
    world.expectComplaint(taken, /ERR_CONNECTION_RESET/);
  }));

  test('a payment under review is polled and delivers by itself', inPagos(async ({ demo, take, picture }) => {
    const { page, context } = await take();
    const asked = watch(demo, page);
    await openPortal(demo, page);
    await choose(page, '1 día', { name: 'CONT Rosa Vega' });
    await payByMercadoPago(page);
    await page.getByRole('heading', { name: 'Su pago está en revisión' }).waitFor();
    await picture(page, 'pagos-pending');
    assert.equal(await kept(page, 'code'), null);
    // The bank decides; the gateway's own page stands for it.
    const gateway = await context.newPage();
    await approve(page, gateway);
    const code = await expectOnline(page, 60_000);
    assert.ok(asked.some((line) => line.startsWith('GET /api/v1/payments/estado-pago/')), `${asked}`);
    await expectOnRouter(demo, page, [code.user], 1);
  }));
});
