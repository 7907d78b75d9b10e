// What people see around a sale: the order's page without JavaScript or cookies, codes found again, other
// languages, errors, larger screens; and how the demo starts and ends.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { PLACES } from './demo.mjs';
import {
  GATEWAYS,
  NUMBER,
  buy,
  choosePlan,
  closeBrowser,
  decide,
  expectOnline,
  expectRouter,
  expectSession,
  inDemo,
  lookUp,
  onPage,
  pressPay,
} from './walk.mjs';

const [fedapay, cinetpay, feexpay] = GATEWAYS;

after(closeBrowser);

test('the demo is ready in under a second and ends by SIGTERM with 0', inDemo(async ({ demo, take }) => {
  assert.ok(demo.tookMs < 1000, `${demo.tookMs} ms`);
  const { page } = await take();
  for (const name of PLACES) {
    assert.equal((await page.goto(demo[name])).status(), 200, name);
  }
}));

describe('without JavaScript', () => {
  for (const gateway of GATEWAYS) {
    test(`${gateway.name}: the page renews itself until the phone is online`, inDemo(async ({ demo, take, picture }) => {
      const { page } = await take({ javaScriptEnabled: false });
      await choosePlan(demo, page, gateway);
      await pressPay(page, gateway);
      if (gateway.id === 'cinetpay') {
        // CinetPay brings the browser back with a form; without scripts its button does.
        await page.locator('button[value="pay"]').click();
        await page.getByRole('button', { name: 'Retourner' }).click();
        await page.waitForURL((url) => url.pathname.startsWith('/o/'));
      } else {
        await decide(demo, page, gateway, 'pay');
      }
      const { code } = await expectOnline(page);
      await picture(page, `${gateway.id}-plain-online`);
      await expectSession(demo, page, code);
    }));
  }

  test('declined, it says so and offers another try', inDemo(async ({ demo, take }) => {
    const { page } = await take({ javaScriptEnabled: false });
    await buy(demo, page, fedapay, { choice: 'decline' });
    await page.getByRole('heading', { name: 'Le paiement n’a pas abouti' }).waitFor();
    await page.getByRole('link', { name: 'Réessayer' }).click();
    await page.getByRole('button', { name: 'Payer 100 FCFA' }).waitFor();
  }));
});

test('the order lives at its address: another browser without cookies sees it, waiting and online', inDemo(async ({ demo, take }) => {
  const [buyer, other] = [await take(), await take()];
  await choosePlan(demo, buyer.page, feexpay);
  await pressPay(buyer.page, feexpay);
  const { origin, pathname } = new URL(buyer.page.url());
  await other.page.goto(origin + pathname);
  await other.page.getByRole('heading', { name: 'En attente du paiement' }).waitFor();
  await decide(demo, buyer.page, feexpay, 'pay');
  const mine = await expectOnline(buyer.page);
  const theirs = await expectOnline(other.page);
  assert.deepEqual(theirs, mine);
  const late = await take({ javaScriptEnabled: false });
  await late.page.goto(mine.url);
  assert.deepEqual(await onPage(late.page), mine);
}));

describe('a lost code', () => {
  test('is found by reference and amount, not by reference and another amount', inDemo(async ({ demo, take, picture, expectComplaint }) => {
    const buyer = await take();
    await buy(demo, buyer.page, fedapay);
    const bought = await expectOnline(buyer.page);
    const taken = await take();
    const { page } = taken;
    await page.goto(new URL('/retrieve-mikhmon-code', demo.relay).href);
    await picture(page, 'recover');
    await lookUp(demo, page, bought.reference, '150');
    const wrong = await refusal(page, bought.reference, '150');
    await picture(page, 'recover-nothing');
    await lookUp(demo, page, 'ABCDEFGH12345678', '150');
    assert.equal(await refusal(page, 'ABCDEFGH12345678', '150'), wrong, 'the same answer for an unknown reference');
    await lookUp(demo, page, bought.reference, '');
    await refusal(page, bought.reference, '');
    expectComplaint(taken, /422/);
    await lookUp(demo, page, bought.reference, '100 FCFA');
    assert.deepEqual(await onPage(page), bought);
  }));

  test('is found by the reference of the gateway and the last digits of the phone', inDemo(async ({ demo, take, expectComplaint }) => {
    const buyer = await take();
    await buy(demo, buyer.page, feexpay);
    const bought = await expectOnline(buyer.page);
    const reference = await gatewayReference(demo, buyer.page);
    const taken = await take();
    const { page } = taken;
    await lookUp(demo, page, reference, '9999');
    const wrong = await refusal(page, reference, '9999');
    await lookUp(demo, page, reference.replaceAll(/[0-9]/g, '7'), '9999');
    assert.equal(await refusal(page, reference.replaceAll(/[0-9]/g, '7'), '9999'), wrong);
    expectComplaint(taken, /422/);
    await lookUp(demo, page, reference, NUMBER.replaceAll(' ', '').slice(-4));
    assert.deepEqual(await onPage(page), bought);
  }));

  test('is found on the phone that bought by the reference alone', inDemo(async ({ demo, take }) => {
    const { page } = await take();
    await buy(demo, page, cinetpay);
    const bought = await expectOnline(page);
    await page.goto(demo.portal);
    await page.getByRole('link', { name: 'Code perdu ?' }).click();
    await lookUp(demo, page, bought.reference.toLowerCase(), '');
    assert.deepEqual(await onPage(page), bought);
  }));

  /** What the page says when nothing fits, without what was typed. */
  async function refusal(page, reference, second) {
    await page.getByRole('alert').waitFor();
    assert.equal(await page.getByLabel('Référence du paiement').inputValue(), reference);
    assert.equal(await page.locator('#second').inputValue(), second);
    return page.locator('main').innerText();
  }

  async function gatewayReference(demo, page) {
    await page.goto(demo.mailbox);
    await page.locator('.mail').first().click();
    const text = await page.locator('pre').innerText();
    const found = /Référence de paiement : (\S+)/.exec(text);
    assert.ok(found, text);
    return found[1];
  }
});

describe('a code that was typed', () => {
  test('logs the phone in on the portal, after it was logged out', inDemo(async ({ demo, take }) => {
    const { page } = await take();
    await buy(demo, page, fedapay);
    const { code } = await expectOnline(page);
    await expectSession(demo, page, code);
    await page.getByRole('button', { name: 'Se déconnecter' }).click();
    await page.getByText('Non connecté').waitFor();
    await page.goto(demo.portal);
    await page.getByLabel('Code', { exact: true }).fill(code);
    await page.getByRole('button', { name: 'Se connecter' }).click();
    await expectSession(demo, page, code);
  }));

  test('that nobody bought is refused', inDemo(async ({ demo, take, picture }) => {
    const { page } = await take();
    await page.goto(demo.portal);
    await page.getByLabel('Code', { exact: true }).fill('mmwrong1');
    await page.getByRole('button', { name: 'Se connecter' }).click();
    await page.getByRole('alert').waitFor();
    await picture(page, 'portal-refused');
  }));
});

const SPOKEN = [
  { lang: 'en', pay: /^Pay /, online: 'You are online', lost: 'Find my code' },
  { lang: 'es', pay: /^Pagar /, online: 'Está en línea', lost: 'Recuperar mi código' },
  { lang: 'pt', pay: /^Pagar /, online: 'Está online', lost: 'Recuperar o meu código' },
];

for (const { lang, pay, online, lost } of SPOKEN) {
  test(`a buyer reads ${lang} from the first page to the last`, inDemo(async ({ demo, take, picture }) => {
    const { page } = await take({ locale: lang });
    await page.goto(new URL('/b/1h', demo.relay).href);
    assert.equal(await page.locator('html').getAttribute('lang'), lang);
    await picture(page, `${lang}-buy`);
    await page.getByRole('button', { name: pay }).click();
    await page.locator('button[value="pay"]').click();
    await page.waitForURL((url) => url.pathname.startsWith('/o/'));
    // No address of a phone was in the link, so the page ends with the code.
    await page.locator('.code output').waitFor();
    await picture(page, `${lang}-order`);
    await page.goto(new URL('/retrieve-mikhmon-code', demo.relay).href);
    await page.getByRole('heading', { name: lost }).waitFor();
    await picture(page, `${lang}-recover`);
  }));
}

const ERRORS = [
  { name: 'nowhere', path: '/nowhere', text: 'Cette page n’existe pas' },
  { name: 'plan', path: '/b/nothing', text: 'Ce forfait n’existe pas' },
  { name: 'hotspot', path: '/buy-mikhmon?nasid=elsewhere&amount=100&currency=FCFA&profile_name=1H&pub_key=pk_sandbox_demo', text: 'Ce Wi-Fi n’est pas connu' },
  { name: 'order', path: '/o/AAAAAAAAAAAAAAAAAAAAAAAAAA', text: 'Cet achat est introuvable' },
];

test('a wrong address is answered with what to do', inDemo(async ({ demo, take, picture, expectComplaint }) => {
  const taken = await take();
  for (const { name, path, text } of ERRORS) {
    const answer = await taken.page.goto(new URL(path, demo.relay).href);
    assert.equal(answer.status(), 404, path);
    await taken.page.getByRole('heading', { name: text }).waitFor();
    await picture(taken.page, `error-${name}`);
  }
  expectComplaint(taken, /404/);
}));

test('everything fits a larger screen', inDemo(async ({ demo, take, picture }) => {
  const { page } = await take({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1, isMobile: false, hasTouch: false });
  await page.goto(demo.portal);
  await picture(page, 'large-portal');
  await choosePlan(demo, page, feexpay);
  await picture(page, 'large-buy');
  await pressPay(page, feexpay);
  await page.getByRole('heading', { name: 'En attente du paiement' }).waitFor();
  await picture(page, 'large-order');
  const pin = await page.context().newPage();
  await pin.goto(demo.phone);
  await picture(pin, 'large-phone');
  await pin.close();
  await decide(demo, page, feexpay, 'pay');
  const { code } = await expectOnline(page);
  await picture(page, 'large-delivered');
  await expectRouter(demo, page, [code]);
  await picture(page, 'large-router');
  await page.goto(demo.mailbox);
  await picture(page, 'large-mailbox');
  await page.goto(new URL('/retrieve-mikhmon-code', demo.relay).href);
  await picture(page, 'large-recover');
}));
