// What `mikrelay kit` makes, used as people use it: the login page sells from the router's own address, takes codes by PAP
// and CHAP, and asks nobody else; the page for the dashboards copies and prints.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, describe, test } from 'node:test';

import { openGateways, openLogin } from './kit.mjs';
import { GATEWAYS, closeBrowser, decide, expectOnline, expectRouter, expectSession, inDemo, pressPay } from './walk.mjs';

after(closeBrowser);

const LOOKS = ['light', 'night'];
/// Texts on the page in each of its languages: the form's button and the link for a lost code.
const WORDS = {
  fr: ['Connexion', 'J’ai payé et je n’ai pas de code'],
  en: ['Connect', 'I paid and have no code'],
  es: ['Conectar', 'Pagué y no tengo código'],
  pt: ['Conectar', 'Paguei e não tenho código'],
};

describe('the login page', () => {
  for (const gateway of GATEWAYS) {
    test(`sells with ${gateway.name}: the phone is online`, inDemo(async ({ demo, take, picture }) => {
      const { page } = await take();
      const kit = await openLogin(demo, page, { look: gateway.id === 'feexpay' ? 'night' : 'light' });
      await picture(page, `kit-${gateway.id}`);
      await page.locator('.plans a').nth(GATEWAYS.indexOf(gateway)).click();
      await page.waitForURL((url) => url.pathname === `/b/${gateway.plan}`);
      assert.equal(new URL(page.url()).searchParams.get('mac'), kit.values.mac);
      await pressPay(page, gateway);
      await decide(demo, page, gateway, 'pay');
      const { code } = await expectOnline(page);
      await expectSession(demo, page, code);
      await expectRouter(demo, page, [code]);
    }));
  }

  test('takes a code, and finds one that was lost', inDemo(async ({ demo, take }) => {
    const { page } = await take();
    const kit = await openLogin(demo, page);
    await page.locator('.plans a').first().click();
    await pressPay(page, GATEWAYS[0]);
    await decide(demo, page, GATEWAYS[0], 'pay');
    const { code } = await expectOnline(page);
    await expectSession(demo, page, code);
    await page.request.post(new URL('/logout', demo.portal).href);
    await kit.show();
    await page.getByPlaceholder('Votre code').fill(` ${code} `);
    await page.getByRole('button', { name: 'Connexion' }).click();
    await page.getByText('Connecté', { exact: true }).waitFor();
    await expectSession(demo, page, code);
    await kit.show();
    await page.getByRole('link', { name: WORDS.fr[1] }).click();
    await page.getByLabel('Référence du paiement').waitFor();
  }));

  test('answers a CHAP challenge, and says what the router says', inDemo(async ({ demo, take, picture }) => {
    const { page } = await take();
    const challenge = Array.from({ length: 16 }, (_, at) => 0xf0 + at);
    const octal = (byte) => `\\${byte.toString(8).padStart(3, '0')}`;
    const kit = await openLogin(demo, page, {
      values: {
        'chap-id': octal(0x16),
        'chap-challenge': challenge.map(octal).join(''),
        error: 'invalid username or password',
        username: 'mm7k2p9x',
        trial: 'yes',
      },
    });
    await page.getByRole('alert').filter({ hasText: 'invalid username or password' }).waitFor();
    await page.getByRole('link', { name: 'Essayer gratuitement' }).waitFor();
    await picture(page, 'kit-refused');
    const digest = (word) =>
      createHash('md5').update(Buffer.concat([Buffer.of(0x16), Buffer.from(word), Buffer.from(challenge)])).digest('hex');
    assert.equal(digest('secret'), '0218516f0d266872c52812cf5e8d8da8', 'the vector of the facts');
    for (const [code, password] of [['mm7k2p9x', ''], ['awa', 'secret'], ['x', 'p'.repeat(100)]]) {
      const sent = await submitted(kit, page, code, password);
      assert.equal(sent.get('username'), code);
      assert.equal(sent.get('password'), digest(password || code));
      assert.equal(sent.get('dst'), 'http://example.net/');
    }
  }));

  test('of PIN codes and of names with passwords', inDemo(async ({ demo, take, picture }) => {
    const { page } = await take();
    const pin = await openLogin(demo, page, { mode: 'pin' });
    const sent = await submitted(pin, page, '123456', '');
    assert.equal(sent.get('password'), '', 'a PIN has no password');
    const up = await openLogin(demo, page, { mode: 'up' });
    await picture(page, 'kit-two-texts');
    const both = await submitted(up, page, 'awa k', 'secret');
    assert.deepEqual([both.get('username'), both.get('password')], ['awa k', 'secret']);
  }));

  for (const look of LOOKS) {
    test(`${look}: fits small phones in every language, with one plan, three and nine`, inDemo(async ({ demo, take, picture }) => {
      const { page } = await take();
      for (const [language, [connect, lost]] of Object.entries(WORDS)) {
        for (const plans of [1, 3, 9]) {
          await page.setViewportSize({ width: 320, height: 568 });
          await openLogin(demo, page, { look, language, plans });
          assert.equal(await page.locator('.plans a').count(), plans);
          await picture(page, `kit-${look}-${language}-${plans}-small`);
          await page.setViewportSize({ width: 360, height: 640 });
          await picture(page, `kit-${look}-${language}-${plans}`);
          await page.getByRole('button', { name: connect }).waitFor();
          await page.getByRole('link', { name: lost }).waitFor();
          // Whoever has a code finds the form without scrolling, or a link to it.
          const form = await page.locator('#code').boundingBox();
          assert.equal(await page.locator('.jump').isVisible(), plans > 3);
          assert.ok(plans > 3 || form.y + form.height <= 640, `${form.y + form.height}`);
          for (const target of await page.locator('.plans a,button,footer a').all()) {
            assert.ok((await target.boundingBox()).height >= 40, 'large enough for a thumb');
          }
        }
      }
      const desk = await take({ viewport: { width: 1280, height: 800 }, isMobile: false, hasTouch: false });
      await openLogin(demo, desk.page, { look });
      await picture(desk.page, `kit-${look}-desktop`);
    }));
  }
});

describe('the page for the dashboards', () => {
  test('copies every value and prints without buttons', inDemo(async ({ demo, take, picture }) => {
    const { page, context } = await take({ viewport: { width: 1280, height: 800 }, isMobile: false, hasTouch: false });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await openGateways(demo, page);
    await picture(page, 'kit-gateways');
    const values = await page.locator('.value code').allTextContents();
    assert.ok(values.some((value) => value === `${demo.relay}pay_callback/fedapay/hotspot1`), values.join('\n'));
    for (const [index, value] of values.entries()) {
      const button = page.locator('.value button').nth(index);
      await button.click();
      await page.waitForFunction((button) => button.textContent === 'Copié', await button.elementHandle());
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), value);
    }
    assert.equal(await page.locator('svg.draw').count(), await page.locator('section .todo').count());
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator('button:visible').count(), 0);
    await page.emulateMedia({ media: 'screen' });
    await page.setViewportSize({ width: 360, height: 640 });
    await picture(page, 'kit-gateways-phone');
  }));

  test('works without JavaScript as text to be selected', inDemo(async ({ demo, take }) => {
    const { page } = await take({ javaScriptEnabled: false });
    await openGateways(demo, page);
    assert.equal(await page.locator('button:visible').count(), 0);
    await page.getByText(`${demo.relay}pay_callback/fedapay/hotspot1`, { exact: true }).waitFor();
  }));
});

/** Types a code and sends the form; answers with what the router would get. */
async function submitted(kit, page, code, password) {
  await kit.show();
  const login = kit.values['link-login-only'];
  await page.route(login, (route) => route.fulfill({ body: 'ok', contentType: 'text/html' }));
  await page.locator('[name=username]').fill(code);
  if (password) {
    if (await page.locator('summary').isVisible()) await page.locator('summary').click();
    await page.locator('[name=password]').fill(password);
  }
  const [request] = await Promise.all([
    page.waitForRequest((request) => request.url() === login && request.method() === 'POST'),
    page.getByRole('button', { name: 'Connexion' }).click(),
  ]);
  await page.waitForURL(login);
  await page.unroute(login);
  return new URLSearchParams(request.postData());
}
