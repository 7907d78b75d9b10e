// What goes wrong in real life: webhooks that never come, come twice, late or forged; a router without power;
// a buyer who taps twice.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import {
  GATEWAYS,
  RECONCILED,
  buy,
  choosePlan,
  closeBrowser,
  decide,
  expectMails,
  expectOnline,
  expectRouter,
  expectSession,
  inDemo,
  payments,
  pressPay,
  switchRouter,
} from './walk.mjs';

const [fedapay, cinetpay] = GATEWAYS;

after(closeBrowser);

// These wait for the relay's clock, not for the machine, so they do so side by side.
describe('webhooks', { concurrency: 4 }, () => {
  for (const gateway of GATEWAYS) {
    test(`${gateway.name}: the webhook never comes: the relay asks and finds the payment`, inDemo(async ({ demo, take }) => {
      const { page } = await take();
      await buy(demo, page, gateway, { choice: 'pay-silently' });
      const { code } = await expectOnline(page, RECONCILED);
      await expectRouter(demo, page, [code]);
      await expectMails(demo, page, [code]);
    }));

    test(`${gateway.name}: the webhook is forged: only the gateway's own answer counts`, inDemo(async ({ demo, take }) => {
      const { page } = await take();
      await buy(demo, page, gateway, { choice: 'pay-bad-signature' });
      if (gateway.id !== 'feexpay') {
        // FeexPay signs nothing: any call of its is only a hint to ask.
        await page.getByRole('heading', { name: 'En attente du paiement' }).waitFor();
        assert.equal(await page.locator('.code').count(), 0, 'no voucher for a forged webhook');
      }
      const { code } = await expectOnline(page, RECONCILED);
      await expectRouter(demo, page, [code]);
      await expectMails(demo, page, [code]);
    }));

    test(`${gateway.name}: the webhook comes twice: one user, one session, one mail`, inDemo(async ({ demo, take }) => {
      const { page } = await take();
      await buy(demo, page, gateway, { choice: 'pay-twice' });
      const { code } = await expectOnline(page);
      await expectMails(demo, page, [code]);
      await expectRouter(demo, page, [code]);
    }));

    test(`${gateway.name}: the webhook is late: the page waits and gets there by itself`, inDemo(async ({ demo, take, picture }) => {
      const { page } = await take();
      await buy(demo, page, gateway, { choice: 'pay-late' });
      await page.getByRole('heading', { name: 'En attente du paiement' }).waitFor();
      await picture(page, `${gateway.id}-late`);
      const { code } = await expectOnline(page);
      await expectRouter(demo, page, [code]);
    }));
  }
});

test('the router has no power: paid, being set up; later the voucher appears by itself', inDemo(async ({ demo, take, picture }) => {
  const { page, context } = await take();
  const operator = await context.newPage();
  await switchRouter(demo, operator, 'off');
  await picture(operator, 'router-off');
  await buy(demo, page, fedapay);
  await page.getByRole('heading', { name: 'Paiement reçu' }).waitFor();
  await page.getByText('Gardez cette référence').waitFor();
  await picture(page, 'router-off-paid');
  const reference = await page.locator('dd.mono').innerText();
  assert.equal(await page.locator('.code').count(), 0, 'no voucher before the router has it');
  await switchRouter(demo, operator, 'on');
  const bought = await expectOnline(page, RECONCILED);
  assert.equal(bought.reference, reference);
  await expectRouter(demo, operator, [bought.code]);
  await expectMails(demo, operator, [bought.code]);
}));

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with' : 'without';
  test(`a double tap on the pay button, ${how} JavaScript, is one order`, inDemo(async ({ demo, take }) => {
    const { page, context } = await take({ javaScriptEnabled });
    await choosePlan(demo, page, fedapay);
    await page.getByRole('button', { name: /^Payer/ }).dblclick();
    await page.waitForURL((url) => url.pathname.startsWith('/pay/'));
    const gateway = await context.newPage();
    assert.equal(await payments(page, gateway), 1);
    await decide(demo, page, fedapay, 'pay');
    const { code } = await expectOnline(page);
    await expectRouter(demo, page, [code]);
  }));
}

test('the same form sent five times at once is one order', inDemo(async ({ demo, take }) => {
  const { page, context } = await take();
  await choosePlan(demo, page, cinetpay);
  const { action, fields } = await page.evaluate(() => {
    const form = document.querySelector('form');
    return { action: form.action, fields: Object.fromEntries(new FormData(form)) };
  });
  const send = () => context.request.post(action, { form: fields, maxRedirects: 0 });
  const answers = await Promise.all(Array.from({ length: 5 }, send));
  const places = new Set(answers.map((answer) => answer.headers().location));
  const [order, ...others] = [...places].filter((place) => place.startsWith('/o/'));
  assert.deepEqual(others, [], 'one order');
  if (order) {
    // Who tapped while the gateway was still asked waits on the order's page, and is led on from there.
    await page.goto(new URL(order, demo.relay).href);
    await page.getByRole('link', { name: 'Ouvrir la page de paiement' }).click();
  } else {
    await page.goto([...places][0]);
  }
  await page.locator('button[value="pay"]').waitFor();
  assert.equal(await payments(page, await context.newPage()), 1);
}));

test('two phones buy the same plan: two users, two sessions, each its own code', inDemo(async ({ demo, take }) => {
  const [one, two] = [await take(), await take()];
  await two.page.goto(new URL('/status', demo.portal).href);
  await two.page.getByRole('button', { name: 'Prendre un autre téléphone' }).click();
  const codes = await Promise.all([one, two].map(async ({ page }) => {
    await buy(demo, page, fedapay);
    const { code } = await expectOnline(page);
    await expectSession(demo, page, code);
    return code;
  }));
  assert.notEqual(codes[0], codes[1]);
  await expectRouter(demo, one.page, codes);
}));
