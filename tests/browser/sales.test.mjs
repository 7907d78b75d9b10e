// Every gateway from the portal to the phone that is online, and every way a payment can go wrong.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import {
  GATEWAYS,
  buy,
  choosePlan,
  closeBrowser,
  decide,
  expectMails,
  expectOnline,
  expectRouter,
  expectSession,
  inDemo,
  pressPay,
} from './walk.mjs';

after(closeBrowser);

for (const gateway of GATEWAYS) {
  describe(gateway.name, () => {
    test('pay by the old link: the phone is online', inDemo(async ({ demo, take, picture }) => {
      const { page } = await take();
      await choosePlan(demo, page, gateway);
      await picture(page, `${gateway.id}-1-buy`);
      await pressPay(page, gateway);
      await picture(page, `${gateway.id}-2-pay`);
      await decide(demo, page, gateway, 'pay');
      await picture(page, `${gateway.id}-3-order`);
      const { code } = await expectOnline(page);
      await picture(page, `${gateway.id}-4-online`);
      await expectSession(demo, page, code);
      await picture(page, `${gateway.id}-5-status`);
      await expectRouter(demo, page, [code]);
      await picture(page, `${gateway.id}-6-router`);
      await expectMails(demo, page, [code]);
      await picture(page, `${gateway.id}-7-mail`);
    }));

    test('pay by the short link: the same', inDemo(async ({ demo, take }) => {
      const { page } = await take();
      await buy(demo, page, gateway, { link: 'short' });
      const { code } = await expectOnline(page);
      await expectSession(demo, page, code);
      await expectRouter(demo, page, [code]);
    }));

    test('decline: no voucher, and another try works', inDemo(async ({ demo, take, picture }) => {
      const { page } = await take();
      await buy(demo, page, gateway, { choice: 'decline' });
      await page.getByRole('heading', { name: 'Le paiement n’a pas abouti' }).waitFor();
      await picture(page, `${gateway.id}-declined`);
      const declined = page.url().split('?')[0];
      await page.getByRole('link', { name: 'Réessayer' }).click();
      await page.waitForURL((url) => url.pathname === `/b/${gateway.plan}`);
      await pressPay(page, gateway);
      await decide(demo, page, gateway, 'pay');
      const { code, url } = await expectOnline(page);
      assert.notEqual(url, declined, 'a new try is an order of its own');
      await expectRouter(demo, page, [code]);
    }));
  });
}
