// Cards, cash and transfers through Conekta and Mercado Pago, from the café's portal to the phone that is online.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { RECONCILED, closeBrowser, expectRouter } from './walk.mjs';
import {
  CARDS,
  CONEKTA,
  MERCADOPAGO,
  buyAt,
  expectFailed,
  expectOnline,
  expectSession,
  expectToPay,
  goBack,
  goPay,
  inMexico,
  onOrder,
  payAs,
  payByCard,
  takeReference,
} from './mexico.mjs';

const BOTH = [CONEKTA, MERCADOPAGO];
const DESKTOP = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1, isMobile: false, hasTouch: false };
const run = promisify(execFile);

after(closeBrowser);

// Some wait for the relay's clock, not for the machine; the others go on beside them.
describe('cards, cash and transfers', { concurrency: 6 }, () => {
  for (const gateway of BOTH) {
    const { name, id } = gateway;

    test(`${name}: the webhook never comes: the relay asks and finds the payment`, inMexico(async ({ demo, take }) => {
      const { page } = await take();
      await buyAt(demo, page, gateway, { notice: 'pay-silently' });
      const { code } = await expectOnline(page, RECONCILED);
      await expectRouter(demo, page, [code]);
    }));

    test(`${name}: the webhook is forged: only the gateway's own answer counts`, inMexico(async ({ demo, take }) => {
      const { page } = await take();
      await buyAt(demo, page, gateway, { notice: 'pay-bad-signature' });
      await page.getByRole('heading', { name: 'Esperando el pago' }).waitFor();
      assert.equal(await page.locator('.code').count(), 0, 'no voucher for a forged webhook');
      const { code } = await expectOnline(page, RECONCILED);
      await expectRouter(demo, page, [code]);
    }));

    test(`${name}: the webhook is late: the page waits and gets there by itself`, inMexico(async ({ demo, take }) => {
      const { page } = await take();
      await buyAt(demo, page, gateway, { notice: 'pay-late' });
      await page.getByRole('heading', { name: 'Esperando el pago' }).waitFor();
      const { code } = await expectOnline(page);
      await expectRouter(demo, page, [code]);
    }));

    test(`${name}: the webhook comes twice: one user, one session, one sale`, inMexico(async ({ demo, take, picture }) => {
      const { page } = await take();
      await buyAt(demo, page, gateway, { notice: 'pay-twice', link: 'short' });
      const { code } = await expectOnline(page);
      await expectRouter(demo, page, [code]);
      await picture(page, `${id}-router`);
      await page.goto(demo.mailbox);
      await page.getByText(/^Venta/).first().waitFor();
      assert.equal(await page.getByText(/^Venta/).count(), 1, 'mails of the sale');
    }));

    test(`${name}: without JavaScript the page renews itself until the phone is online`, inMexico(async ({ demo, take }) => {
      const { page } = await take({ javaScriptEnabled: false });
      await goPay(demo, page, gateway);
      if (gateway === CONEKTA) await payByCard(page, CARDS.pays);
      else await payAs(page, 'APRO');
      await onOrder(page);
      const { code } = await expectOnline(page);
      await expectSession(demo, page, code);
    }));

    test(`${name}: everything fits a larger screen`, inMexico(async ({ demo, take, picture }) => {
      const { page } = await take(DESKTOP);
      await page.goto(demo.portal);
      await picture(page, 'large-mexico-portal');
      await goPay(demo, page, gateway);
      await picture(page, `large-${id}-pay`);
      const reference = await cash(page, gateway);
      await picture(page, `large-${id}-reference`);
      await goBack(page);
      await expectToPay(page, reference, 'OXXO');
      await picture(page, `large-${id}-order`);
    }));
  }

  test('Conekta: a card pays: the phone is online', inMexico(async ({ demo, take, picture }) => {
    const { page } = await take();
    await page.goto(demo.portal);
    await picture(page, 'mexico-portal');
    await goPay(demo, page, CONEKTA);
    await picture(page, 'conekta-pay');
    await payByCard(page, CARDS.pays);
    await onOrder(page);
    const { code } = await expectOnline(page);
    await picture(page, 'conekta-online');
    await expectSession(demo, page, code);
    await picture(page, 'mexico-status');
    await expectRouter(demo, page, [code]);
    await page.goto(demo.mailbox);
    await picture(page, 'mexico-mailbox');
  }));

  test('Conekta: a declined card, then one that pays on the same page', inMexico(async ({ demo, take, picture }) => {
    const { page, context } = await take();
    await goPay(demo, page, CONEKTA);
    await payByCard(page, CARDS.withoutFunds);
    await page.getByRole('alert').getByText('La tarjeta no tiene fondos suficientes.').waitFor();
    await picture(page, 'conekta-declined');
    const order = await context.newPage();
    await order.goto(await page.getByRole('link', { name: 'Volver al comercio' }).getAttribute('href'));
    await expectFailed(order, 'No hay suficiente dinero para este pago.');
    await picture(order, 'conekta-order-declined');
    await payByCard(page, CARDS.declined);
    await page.getByRole('alert').getByText('La tarjeta fue rechazada.').waitFor();
    await payByCard(page, CARDS.pays);
    await onOrder(page);
    const { code } = await expectOnline(page);
    await expectRouter(demo, page, [code]);
  }));

  test('Conekta: the bank asks for a code: a wrong one is refused, the right one pays', inMexico(async ({ demo, take, picture }) => {
    const { page } = await take();
    await goPay(demo, page, CONEKTA);
    for (const otp of ['9999', '1234']) {
      await payByCard(page, CARDS.challenged);
      await page.waitForURL((url) => url.pathname.startsWith('/3ds/'));
      if (otp === '1234') await picture(page, 'conekta-3ds');
      await page.getByLabel('Código recibido por mensaje').fill(otp);
      await page.getByRole('button', { name: 'Confirmar' }).click();
      if (otp === '9999') await page.getByRole('alert').getByText('El banco no pudo confirmar la compra.').waitFor();
    }
    await onOrder(page);
    const { code } = await expectOnline(page);
    await expectRouter(demo, page, [code]);
  }));

  for (const gateway of BOTH) {
    test(`${gateway.name}: cash is paid at the store with the page closed; the code is there later`, inMexico(async ({ demo, take, picture }) => {
      const { page, context } = await take();
      await goPay(demo, page, gateway);
      const reference = await cash(page, gateway);
      await picture(page, `${gateway.id}-reference`);
      const store = page.url();
      await goBack(page);
      await expectToPay(page, reference, 'OXXO');
      await picture(page, `${gateway.id}-order-cash`);
      const bars = await page.getByRole('link', { name: 'Ver el código de barras' }).getAttribute('href');
      assert.ok(new URL(bars).pathname.length > 1, bars);
      const order = page.url();
      assert.equal(await page.locator('dd.mono').count(), 1, 'the reference to find it again by');
      await page.close();

      const till = await context.newPage();
      await till.goto(store);
      await till.locator('button[value="pay"]').click();
      await till.getByText('Este pago ya').waitFor();
      await picture(till, `${gateway.id}-paid-at-store`);
      await till.goto(order);
      const { code } = await expectOnline(till);
      await expectSession(demo, till, code);
    }));

    test(`${gateway.name}: a SPEI transfer: the page gets there by itself`, inMexico(async ({ demo, take, picture }) => {
      const { page, context } = await take();
      await goPay(demo, page, gateway);
      const clabe = await transfer(page, gateway);
      const bank = await context.newPage();
      await bank.goto(page.url());
      await goBack(page);
      await expectToPay(page, clabe, 'CLABE');
      await picture(page, `${gateway.id}-order-spei`);
      await bank.locator('button[value="pay"]').click();
      await bank.getByText('Este pago ya').waitFor();
      const { code } = await expectOnline(page);
      await expectRouter(demo, page, [code]);
    }));
  }

  test('Mercado Pago: APRO pays: the phone is online', inMexico(async ({ demo, take, picture }) => {
    const { page } = await take();
    await goPay(demo, page, MERCADOPAGO);
    await picture(page, 'mercadopago-pay');
    await payAs(page, 'APRO');
    await onOrder(page);
    const { code } = await expectOnline(page);
    await picture(page, 'mercadopago-online');
    await expectSession(demo, page, code);
    await expectRouter(demo, page, [code]);
  }));

  test('Mercado Pago: refused cards say why on our page, and another name pays', inMexico(async ({ demo, take, picture }) => {
    const { page, context } = await take();
    await goPay(demo, page, MERCADOPAGO);
    const order = await context.newPage();
    for (const [holder, reason] of [
      ['OTHE', 'La tarjeta fue rechazada sin dar un motivo.'],
      ['FUND', 'No hay suficiente dinero para este pago.'],
    ]) {
      await payAs(page, holder);
      await page.getByRole('alert').getByText('El pago fue rechazado.').waitFor();
      await picture(page, `mercadopago-refused-${holder}`);
      await order.goto(await page.getByRole('link', { name: 'Volver al comercio' }).getAttribute('href'));
      await expectFailed(order, reason);
      await picture(order, `mercadopago-order-${holder}`);
    }
    await payAs(page, 'APRO');
    await onOrder(page);
    const { code } = await expectOnline(page);
    await expectRouter(demo, page, [code]);
  }));

  test('Mercado Pago: the bank asks for a code', inMexico(async ({ demo, take, picture }) => {
    const { page } = await take();
    await goPay(demo, page, MERCADOPAGO);
    await payAs(page, 'APRO', { challenge: true });
    await page.waitForURL((url) => url.pathname.startsWith('/3ds/'));
    await picture(page, 'mercadopago-3ds');
    await page.getByRole('button', { name: 'No soy yo' }).click();
    await page.getByRole('alert').waitFor();
    await payAs(page, 'APRO', { challenge: true });
    await page.getByRole('button', { name: 'Confirmar' }).click();
    await onOrder(page);
    const { code } = await expectOnline(page);
    await expectRouter(demo, page, [code]);
  }));

  test('Mercado Pago: CONT is in review, then approved', inMexico(async ({ demo, take, picture }) => {
    const { page, context } = await take();
    await goPay(demo, page, MERCADOPAGO);
    await payAs(page, 'CONT');
    await page.getByText('El pago está en revisión.').waitFor();
    await picture(page, 'mercadopago-review');
    const review = await context.newPage();
    await review.goto(page.url());
    await goBack(page);
    await page.getByRole('heading', { name: 'Esperando el pago' }).waitFor();
    await picture(page, 'mercadopago-order-review');
    assert.equal(await page.locator('.code').count(), 0, 'nothing is given for a payment in review');
    await review.locator('button[value="approve"]').click();
    const { code } = await expectOnline(page);
    await expectRouter(demo, page, [code]);
  }));

  test('a payment by link, asked for with the printed command, is paid and leads back to the shop', inMexico(async ({ demo, take, picture }) => {
    const { stdout } = await run('sh', ['-c', `${demo.curl} --silent --show-error --fail-with-body`]);
    const answer = JSON.parse(stdout);
    assert.equal(answer.object, 'order');
    assert.equal(answer.amount, 1500);
    const { page } = await take();
    await page.goto(answer.checkout.url);
    await payByCard(page, CARDS.pays);
    await onOrder(page);
    assert.equal(page.url().split('?')[0], answer.mikrelay.page);
    await page.getByText('Gracias. Su pago está completo.').waitFor();
    await picture(page, 'link-paid');
    assert.equal(await page.locator('.code').count(), 0, 'no code is sold by a link');
    await page.getByRole('link', { name: 'Volver a la tienda' }).click();
    await page.waitForURL(new URL('/status', demo.portal).href);
    await expectRouter(demo, page, []);
  }));
});

/** Chooses cash; answers with the number for the store. */
async function cash(page, gateway) {
  if (gateway === CONEKTA) return takeReference(page, 'cash');
  await page.locator('button[value="oxxo"]').click();
  return page.locator('.reference').innerText();
}

/** Chooses a transfer; answers with the account to transfer to. */
async function transfer(page, gateway) {
  if (gateway === CONEKTA) return takeReference(page, 'bank_transfer');
  await page.locator('button[value="spei"]').click();
  return page.locator('.reference').innerText();
}
