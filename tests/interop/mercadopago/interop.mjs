// Our Mercado Pago side against the official SDK for Node: what each sends for the same thing, the SDK's client on our
// simulator, and the SDK's webhook validator on the vectors that our own tests use and on the simulator's webhooks.
//
// Needs `npm ci` in this folder and a Rust toolchain. The last line says `N passed, N failed`.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const {
  CardToken,
  InvalidWebhookSignatureError,
  MercadoPagoConfig,
  MerchantOrder,
  Order,
  Payment,
  PaymentRefund,
  Preference,
  WebhookSignatureValidator,
} = require("mercadopago");
// The SDK knows one host; it is a plain property of its settings.
const { AppConfig } = require("mercadopago/dist/utils/config");

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
const peerProgram = path.join(target, "debug/examples/mercadopago_peer");
const UUID4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A running `mercadopago_peer`, and a recorder in front of its simulator: everybody's calls go through it. */
class World {
  static async open() {
    const world = new World();
    world.child = spawn(peerProgram, [], { stdio: ["pipe", "pipe", "inherit"] });
    world.lines = readline.createInterface({ input: world.child.stdout })[Symbol.asyncIterator]();
    world.hello = JSON.parse(await world.read());
    world.calls = [];
    world.recorder = http.createServer((request, response) => world.pass(request, response));
    world.recorder.listen(0, "127.0.0.1");
    await once(world.recorder, "listening");
    world.base = `http://127.0.0.1:${world.recorder.address().port}`;
    AppConfig.BASE_URL = world.base;
    world.config = new MercadoPagoConfig({ accessToken: world.hello.access_token, options: { maxRetries: 0 } });
    return world;
  }

  async pass(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const [where, query] = request.url.split("?");
    this.calls.push({
      method: request.method,
      // The SDK ends one path with a slash that the documentation does not have.
      path: where.replace(/\/$/, ""),
      query: Object.fromEntries(new URLSearchParams(query)),
      headers: request.headers,
      body: body.length ? JSON.parse(body) : undefined,
    });
    const { host, connection, "content-length": _, ...headers } = request.headers;
    const answer = await fetch(this.hello.url + request.url, {
      method: request.method,
      headers,
      body: body.length ? body : undefined,
    });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") });
    response.end(Buffer.from(await answer.arrayBuffer()));
  }

  async read() {
    const { value, done } = await this.lines.next();
    assert.ok(!done, "the peer ended");
    return value;
  }

  async ask(wish) {
    this.child.stdin.write(`${JSON.stringify(wish)}\n`);
    const line = await this.read();
    return line === "done" ? line : JSON.parse(line);
  }

  /** The calls made by `act`. */
  async during(act) {
    const from = this.calls.length;
    const result = await act();
    return { result, calls: this.calls.slice(from) };
  }

  async end() {
    const ended = once(this.child, "exit");
    this.child.stdin.end();
    const [code] = await ended;
    assert.equal(code, 0, "the peer's exit code");
    this.recorder.close();
  }
}

/** Method, path, query, body, and the headers that matter. */
function assertSameCall(ours, sdks) {
  for (const part of ["method", "path", "query"]) {
    assert.deepEqual(ours[part], sdks[part], part);
  }
  assert.deepEqual(ours.body, sdks.body, "body");
  assert.equal(ours.headers.authorization, sdks.headers.authorization);
  if (ours.body !== undefined) {
    assert.equal(ours.headers["content-type"], sdks.headers["content-type"]);
  }
  for (const call of [ours, sdks]) {
    const key = call.headers["x-idempotency-key"];
    if (call.method === "GET") {
      assert.equal(key, undefined);
    } else {
      assert.match(key, UUID4);
    }
  }
}

const WISH = {
  order: "K7M2QX4T9WABCD",
  amount_minor: 1510,
  description: "1 Hora",
  return_url: "https://relay.example/o/abc",
  notify_url: "https://relay.example/pay_callback/mercadopago/h1?k=61cd594b",
  email: "c@example.com",
  created_at: "2026-11-02T12:00:00Z",
};
const NOTIFY = `https://relay.example/pay_callback/mercadopago/h1?source_news=webhooks&order=${WISH.order}&k=61cd594b`;
const BACK = { success: WISH.return_url, pending: WISH.return_url, failure: WISH.return_url };

/** The same preference as an integrator would write it with the SDK. */
const PREFERENCE = {
  items: [{ id: WISH.order, title: WISH.description, quantity: 1, unit_price: 15.1, currency_id: "MXN" }],
  payer: { email: WISH.email },
  external_reference: WISH.order,
  notification_url: NOTIFY,
  back_urls: BACK,
  auto_return: "approved",
  expires: true,
  expiration_date_to: "2026-11-03T12:00:00.000+00:00",
  date_of_expiration: "2026-11-05T12:00:00.000+00:00",
};

const ORDER = {
  type: "online",
  processing_mode: "manual",
  capture_mode: "automatic",
  total_amount: "15.10",
  external_reference: WISH.order,
  expiration_time: "P1D",
  payer: { email: WISH.email },
  items: [{ title: WISH.description, quantity: 1, unit_price: "15.10" }],
  config: {
    notification_url: NOTIFY,
    online: {
      success_url: WISH.return_url,
      pending_url: WISH.return_url,
      failure_url: WISH.return_url,
      auto_return: "approved",
    },
  },
};

const checks = {
  async "the SDK's validator says of each vector what the file says"() {
    const file = path.join(root, "tests/data/mercadopago-signatures.json");
    const { vectors } = JSON.parse(readFileSync(file, "utf8"));
    assert.ok(vectors.length > 30);
    let agree = 0;
    for (const { name, secret, data_id: dataId, request_id: xRequestId, header, ours, sdk } of vectors) {
      let accepted = true;
      try {
        WebhookSignatureValidator.validate({ xSignature: header, xRequestId, dataId, secret });
      } catch (error) {
        assert.ok(error instanceof InvalidWebhookSignatureError, `${name}: ${error.stack}`);
        accepted = false;
      }
      assert.equal(accepted, sdk, name);
      agree += ours === sdk;
    }
    // Where we differ on purpose: ids signed in lower case, two times, two hashes.
    assert.equal(agree, vectors.length - 3);
  },

  async "for the same preference, question and refund both send the same"() {
    const world = await World.open();
    const start = { start: { ...WISH, base: world.base, checkout: "preferences" } };
    const ours = await world.during(() => world.ask(start));
    const preference = new Preference(world.config);
    const sdks = await world.during(() => preference.create({ body: PREFERENCE }));
    assert.equal(ours.calls.length, 1);
    assertSameCall(ours.calls[0], sdks.calls[0]);
    assert.match(ours.result.url, /\/checkout\/v1\/redirect\?pref_id=/);
    assert.equal(sdks.result.external_reference, WISH.order);

    // The same try again: the gateway answers with the first.
    const again = await world.during(() => world.ask(start));
    assert.deepEqual(again.result, ours.result);
    assert.equal(again.calls[0].headers["x-idempotency-key"], ours.calls[0].headers["x-idempotency-key"]);

    await world.ask({ pay: { order: WISH.order, choice: "pay-silently" } });
    const about = { base: world.base, checkout: "preferences", order: WISH.order, created_at: WISH.created_at };
    const asked = await world.during(() => world.ask({ ask: { ...about, gateway_id: ours.result.id } }));
    const payment = new Payment(world.config);
    const searched = await world.during(() =>
      payment.search({ options: { external_reference: WISH.order, sort: "date_created", criteria: "desc" } }),
    );
    assertSameCall(asked.calls[0], searched.calls[0]);
    const id = searched.result.results[0].id;
    const got = await world.during(() => payment.get({ id }));
    assertSameCall(asked.calls[1], got.calls[0]);
    assert.deepEqual(asked.result, { status: "Paid", amount: "15.10 MXN", id: String(id) });
    assert.deepEqual([got.result.status, got.result.transaction_amount], ["approved", 15.1]);

    const refunded = await world.during(() => world.ask({ refund: { ...about, gateway_id: String(id) } }));
    assert.deepEqual(refunded.result, { state: "Done" });
    const refunds = await new PaymentRefund(world.config).list({ payment_id: id });
    assert.equal(refunds.length, 1);
    const second = await world.during(() => new PaymentRefund(world.config).total({ payment_id: id }).catch((error) => error));
    assertSameCall(refunded.calls[1], second.calls[0]);
    assert.equal(second.result.status, 400, "there is nothing left to give back");
    await world.end();
  },

  async "for the same order, question and refund both send the same"() {
    const world = await World.open();
    const ours = await world.during(() => world.ask({ start: { ...WISH, base: world.base, checkout: "orders" } }));
    const order = new Order(world.config);
    const sdks = await world.during(() => order.create({ body: ORDER }));
    assertSameCall(ours.calls[0], sdks.calls[0]);
    assert.equal(sdks.result.status, "created");
    await world.ask({ pay: { order: WISH.order, choice: "pay-silently" } });
    const id = ours.result.id;
    const about = { base: world.base, checkout: "orders", order: WISH.order, created_at: WISH.created_at, gateway_id: id };
    const asked = await world.during(() => world.ask({ ask: about }));
    const got = await world.during(() => order.get({ id }));
    assertSameCall(asked.calls[0], got.calls[0]);
    assert.deepEqual([asked.result.status, asked.result.amount], ["Paid", "15.10 MXN"]);
    assert.deepEqual([got.result.status, got.result.status_detail], ["processed", "accredited"]);
    const refunded = await world.during(() => world.ask({ refund: about }));
    assert.deepEqual(refunded.result, { state: "Done" });
    const second = await world.during(() => order.refund({ id }).catch((error) => error));
    assertSameCall(refunded.calls[1], second.calls[0]);
    assert.equal(second.result.status, 409);
    assert.equal((await order.get({ id })).status, "refunded");
    await world.end();
  },

  async "a lost preference and a lost order are looked for as the SDK looks"() {
    const world = await World.open();
    for (const checkout of ["preferences", "orders"]) {
      const lost = `LOST${checkout.toUpperCase()}`;
      const begun = new Date();
      if (checkout === "preferences") {
        await new Preference(world.config).create({ body: { ...PREFERENCE, external_reference: lost } });
      } else {
        await new Order(world.config).create({ body: { ...ORDER, external_reference: lost } });
      }
      const wish = { ask: { base: world.base, checkout, order: lost, created_at: begun.toISOString() } };
      const asked = await world.during(() => world.ask(wish));
      assert.equal(asked.result.status, "Pending");
      const sdks = await world.during(() =>
        checkout === "preferences"
          ? new Preference(world.config).search({ options: { external_reference: lost } })
          : new Order(world.config).search({ options: { ...asked.calls[0].query } }),
      );
      const ours = asked.calls.find((call) => call.path === sdks.calls[0].path);
      assertSameCall(ours, sdks.calls[0]);
      assert.equal((sdks.result.elements ?? sdks.result.data).length, 1);
    }
    await world.end();
  },

  async "the SDK's client pays by card token, cancels, captures, changes and follows a basket on our simulator"() {
    const world = await World.open();
    const payment = new Payment(world.config);
    const pay = async (holder, more = {}) => {
      const card = { card_number: "4075595716483764", cardholder: { name: holder } };
      const { id: token } = await new CardToken(world.config).create({ body: card });
      const body = { transaction_amount: 24.5, token, payment_method_id: "visa", installments: 1, payer: { email: "c@example.com" } };
      return payment.create({ body: { ...body, external_reference: "DIRECT1", ...more } });
    };
    const approved = await pay("APRO");
    assert.deepEqual([approved.status, approved.status_detail, approved.api_response.status], ["approved", "accredited", 201]);
    const refused = await pay("FUND");
    assert.deepEqual([refused.status, refused.status_detail], ["rejected", "cc_rejected_insufficient_amount"]);
    const review = await pay("CONT");
    assert.deepEqual([review.status, review.status_detail], ["in_process", "pending_contingency"]);
    assert.equal((await payment.cancel({ id: review.id })).status_detail, "by_collector");
    await assert.rejects(payment.cancel({ id: approved.id }), (error) => error.status === 400);
    const held = await pay("APRO", { capture: false });
    assert.deepEqual([held.status, held.captured], ["authorized", false]);
    assert.deepEqual([(await payment.capture({ id: held.id })).status], ["approved"]);
    const part = await new PaymentRefund(world.config).create({ payment_id: approved.id, body: { amount: 4.5 } });
    assert.deepEqual([part.status, part.amount], ["approved", 4.5]);
    const partly = await payment.get({ id: approved.id });
    assert.deepEqual([partly.status_detail, partly.transaction_amount_refunded], ["partially_refunded", 4.5]);
    await assert.rejects(payment.get({ id: 1 }), (error) => error.status === 404 && error.causes[0].code === 2000);
    await assert.rejects(payment.get({ id: "4000000004" }), (error) => error.status === 403);
    const stranger = new Payment(new MercadoPagoConfig({ accessToken: "APP_USR-wrong", options: { maxRetries: 0 } }));
    await assert.rejects(stranger.get({ id: approved.id }), (error) => error.status === 401);

    const preference = new Preference(world.config);
    const made = await preference.create({ body: { ...PREFERENCE, external_reference: "BASKET1" } });
    const changed = await preference.update({ id: made.id, updatePreferenceRequest: { items: [{ ...PREFERENCE.items[0], unit_price: 20 }] } });
    assert.deepEqual([changed.id, changed.items[0].unit_price], [made.id, 20]);
    await world.ask({ pay: { order: "BASKET1", choice: "pay-silently" } });
    const { results } = await payment.search({ options: { external_reference: "BASKET1" } });
    assert.deepEqual([results.length, results[0].transaction_amount], [1, 20]);
    const basket = await new MerchantOrder(world.config).get({ merchantOrderId: results[0].order.id });
    assert.deepEqual([basket.order_status, basket.payments[0].id, basket.preference_id], ["paid", results[0].id, made.id]);
    const bad = preference.create({ body: { ...PREFERENCE, back_urls: {} } });
    await assert.rejects(bad, (error) => error.status === 400 && error.error === "invalid_auto_return");
    await world.end();
  },

  async "a key that was used before is answered with the first answer, or refused for another body"() {
    const world = await World.open();
    const preference = new Preference(world.config);
    const requestOptions = { idempotencyKey: "0a1b2c3d-0000-4000-8000-000000000001" };
    const first = await preference.create({ body: PREFERENCE, requestOptions });
    const second = await preference.create({ body: PREFERENCE, requestOptions });
    assert.equal(first.id, second.id);
    const other = preference.create({ body: { ...PREFERENCE, external_reference: "X" }, requestOptions });
    await assert.rejects(other, (error) => error.status === 409);
    await world.end();
  },

  async "the SDK accepts our simulator's webhooks over a socket, save the forged one"() {
    const world = await World.open();
    const taken = [];
    const server = http.createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const query = new URL(request.url, "http://relay.example").searchParams;
      taken.push({ query, headers: request.headers, body: JSON.parse(Buffer.concat(chunks)) });
      response.end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    await world.ask({ webhook: `http://127.0.0.1:${server.address().port}/hook?k=1` });
    const plain = { items: PREFERENCE.items };
    for (const [order, choice] of [["HOOK1", "pay"], ["HOOK2", "pay-bad-signature"]]) {
      await new Preference(world.config).create({ body: { ...plain, external_reference: order } });
      await world.ask({ pay: { order, choice } });
    }
    const { auto_return: _, ...online } = ORDER.config.online;
    await new Order(world.config).create({ body: { ...ORDER, external_reference: "HOOK3", config: { online } } });
    await world.ask({ pay: { order: "HOOK3", choice: "pay" } });
    const verdicts = taken.map(({ query, headers }) => {
      const dataId = query.get("data.id");
      const [xSignature, xRequestId] = [headers["x-signature"], headers["x-request-id"]];
      const options = { xSignature, xRequestId, dataId, secret: world.hello.webhook_secret, toleranceSeconds: 300 };
      try {
        WebhookSignatureValidator.validate(options);
        return true;
      } catch (error) {
        assert.ok(error instanceof InvalidWebhookSignatureError, error.stack);
        return false;
      }
    });
    assert.deepEqual(verdicts, [true, true, false, false, true, true]);
    assert.deepEqual(taken.map(({ body }) => body.action).slice(0, 2), ["payment.created", "payment.updated"]);
    assert.equal(taken[0].query.get("data.id"), taken[1].query.get("data.id"));
    assert.equal(taken[4].query.get("type"), "order");
    server.close();
    await world.end();
  },
};

execFileSync("cargo", ["build", "--quiet", "--locked", "--example", "mercadopago_peer"], { cwd: root, stdio: "inherit" });
let passed = 0;
let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    passed += 1;
    console.log(`ok: ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED: ${name}\n${error.stack}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
// A peer whose check failed in the middle is not waited for.
process.exit();
