// What people do in the demo, step by step: buyers on small phones, and the operator who looks at his router
// and his mails.

import assert from 'node:assert/strict';

import { fitsThePhone, phone, screenshot, startBrowser, startDemo } from './demo.mjs';

/// One plan of the portal per gateway.
export const GATEWAYS = [
  { name: 'FedaPay', id: 'fedapay', plan: '1h', price: 100, old: '/buy-mikhmon' },
  { name: 'CinetPay', id: 'cinetpay', plan: '1j', price: 300, old: '/buy-mikhmon-cinetpay' },
  { name: 'FeexPay', id: 'feexpay', plan: '30j', price: 3000, old: '/buy-mikhmon-feexpay' },
];

/// FeexPay's buyers type it; the last four digits find a code again.
export const NUMBER = '01 66 00 12 34';

/// How long a paid phone may take to be online on a busy machine.
const SOON = 15_000;
/// The reconciler asks the gateway at the latest after this, when no webhook came.
export const RECONCILED = 40_000;

let browser;

/**
 * A test in a world of its own: a fresh demo, and phones that are closed at its end. It fails if a page
 * asked anything of another machine, complained, or was wider than the phone.
 */
export function inDemo(walk) {
  return async (context) => {
    browser ??= startBrowser();
    const demo = await startDemo();
    const phones = [];
    const world = {
      demo,
      take: async (options) => {
        const taken = await phone(await browser, options);
        phones.push(taken);
        return taken;
      },
      /** Marks a complaint as the point of the test. */
      expectComplaint: (taken, pattern) => {
        assert.ok(taken.complaints.some((text) => pattern.test(text)), `no complaint like ${pattern}`);
        taken.complaints.splice(0);
      },
      picture: async (page, name) => {
        await fitsThePhone(page);
        await screenshot(page, name);
      },
    };
    try {
      await walk(world, context);
      for (const { strangers, complaints } of phones) {
        assert.deepEqual(strangers, [], 'a page asked another machine');
        assert.deepEqual(complaints, [], 'a page complained');
      }
    } finally {
      await Promise.all(phones.map((taken) => taken.context.close()));
      const end = await demo.stop();
      assert.deepEqual(end, { code: 0, signal: null }, demo.errors.join('\n'));
    }
  };
}

/** To be called after the last test of a file. */
export async function closeBrowser() {
  await (await browser)?.close();
}

/** From the portal to the buy page, by the old link of the button or the short one. */
export async function choosePlan(demo, page, gateway, link = 'old') {
  await page.goto(demo.portal);
  const plan = page.locator(`#plan-${gateway.plan}`);
  await plan.getByRole('link', { name: link === 'old' ? 'Acheter' : 'lien court' }).click();
  await page.waitForURL((url) => url.pathname === (link === 'old' ? gateway.old : `/b/${gateway.plan}`));
}

/** Presses the pay button; ends on the gateway's page, or on the order's page where a phone rings. */
export async function pressPay(page, gateway) {
  if (gateway.id === 'feexpay') await page.getByLabel('Numéro mobile money').fill(NUMBER);
  await page.getByRole('button', { name: /^Payer/ }).click();
  await page.waitForURL((url) => url.pathname.startsWith(gateway.id === 'feexpay' ? '/o/' : '/pay/'));
}

/** Decides at the gateway, as its page or the ringing phone lets the buyer. */
export async function decide(demo, page, gateway, choice) {
  if (gateway.id !== 'feexpay') {
    await page.locator(`button[value="${choice}"]`).click();
    await page.waitForURL((url) => url.pathname.startsWith('/o/'));
    return;
  }
  const pin = await page.context().newPage();
  await pin.goto(demo.phone);
  await pin.locator(`button[value="${choice}"]`).first().click();
  await pin.waitForURL(demo.phone);
  await pin.getByText('Aucune demande').waitFor();
  await pin.close();
}

/** Buys from the portal to the decision. */
export async function buy(demo, page, gateway, { choice = 'pay', link = 'old' } = {}) {
  await choosePlan(demo, page, gateway, link);
  await pressPay(page, gateway);
  await decide(demo, page, gateway, choice);
}

/** Waits for the order's page to say so; answers with the code and the reference on it. */
export async function expectOnline(page, timeout = SOON) {
  await page.getByRole('heading', { name: 'Vous êtes en ligne' }).waitFor({ timeout });
  return onPage(page);
}

/** What the order's page shows to keep. */
export async function onPage(page) {
  return {
    code: await page.locator('.code output').first().innerText(),
    reference: await page.locator('dd.mono').innerText(),
    url: page.url().split('?')[0],
  };
}

/** The portal's own word for it, as the phone would see it. */
export async function expectSession(demo, page, code) {
  await page.goto(new URL('/status', demo.portal).href);
  await page.getByText('Connecté', { exact: true }).waitFor();
  assert.equal(await page.locator('#user').innerText(), code);
}

/** The router has these users and no other, each once, and as many sessions. */
export async function expectRouter(demo, page, codes, sessions = codes.length) {
  await page.goto(demo.router);
  const names = await page.locator('#users tbody tr td:first-child b').allInnerTexts();
  assert.deepEqual(names.sort(), [...codes].sort(), 'users on the router');
  assert.equal(await page.locator('#sessions tbody tr').count(), sessions, 'sessions on the router');
}

/** The operator has one mail for each of these codes. */
export async function expectMails(demo, page, codes) {
  await page.goto(demo.mailbox);
  await page.locator('.mail').nth(codes.length - 1).waitFor();
  const texts = [];
  for (const link of await page.locator('.mail').evaluateAll((mails) => mails.map((mail) => mail.href))) {
    await page.goto(link);
    texts.push(await page.locator('pre').innerText());
  }
  assert.equal(texts.length, codes.length, 'mails');
  for (const code of codes) assert.equal(texts.filter((text) => text.includes(code)).length, 1, `mails with ${code}`);
}

/** The operator's switch on the router's page: `on` or `off`. */
export async function switchRouter(demo, page, position) {
  await page.goto(demo.router);
  await page.getByRole('button', { name: position === 'on' ? 'Allumer' : 'Éteindre' }).click();
  await page.locator(`#power.${position}`).waitFor();
}

/** How many payments the gateway knows whose pay page `page` shows; looked up on `other`. */
export async function payments(page, other) {
  await other.goto(new URL('/', page.url()).href);
  const count = await other.locator('tbody tr').count();
  await other.close();
  return count;
}

/** Looks a purchase up on the page for lost codes; ends on its answer. */
export async function lookUp(demo, page, reference, second) {
  if (!page.url().includes('/retrieve-mikhmon-code')) {
    await page.goto(new URL('/retrieve-mikhmon-code', demo.relay).href);
  }
  await page.getByLabel('Référence du paiement').fill(reference);
  await page.locator('#second').fill(second);
  const answered = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name: 'Retrouver' }).click();
  await answered;
  await page.waitForLoadState();
}
