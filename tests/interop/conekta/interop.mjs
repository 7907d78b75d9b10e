// Our Conekta side against Conekta's own SDK for Node and the openssl command: the SDK's client on our simulator,
// the calls of the SDK and of our adapter side by side, and DIGESTs both ways.
//
// Needs `npm ci` in this folder, openssl and a Rust toolchain. The last line says `N passed, N failed`.

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

const { Configuration, OrdersApi, WebhookKeysApi } = createRequire(import.meta.url)("conekta");

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
const peerProgram = path.join(target, "debug/examples/conekta_peer");
const folder = mkdtempSync(path.join(os.tmpdir(), "conekta-"));

const BODIES = {
  "a plain event": '{"id":"1","object":"event","type":"order.paid","data":{"object":{"object":"order","id":"ord_1"}}}',
  "accents": '{"id":"2","type":"charge.paid","data":{"object":{"name":"José Ñandú","order_id":"ord_1"}}}',
  "odd whitespace and a final newline": '{ "id" : "3",\n  "type" : "webhook_ping" } \n',
  "escapes and an emoji": '{"id":"4","text":"\\u00e9 \\" \\\\ 😀"}',
  "nothing": "",
};

/** A running `conekta_peer`: one line in, one line out. */
class Peer {
  constructor(command) {
    this.child = spawn(peerProgram, [command], { stdio: ["pipe", "pipe", "inherit"] });
    this.lines = readline.createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async read() {
    const { value, done } = await this.lines.next();
    assert.ok(!done, "the peer ended");
    return value;
  }

  async ask(question) {
    this.child.stdin.write(`${JSON.stringify(question)}\n`);
    return this.read();
  }

  async end() {
    const ended = once(this.child, "exit");
    this.child.stdin.end();
    const [code] = await ended;
    assert.equal(code, 0, "the peer's exit code");
  }
}

/** Passes every call on and remembers it. */
class Recorder {
  static async before(url) {
    const recorder = new Recorder();
    recorder.calls = [];
    recorder.server = http.createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", async () => {
        const body = Buffer.concat(chunks);
        recorder.calls.push({ method: request.method, path: request.url, headers: request.headers, body: body.toString() });
        const { host, connection, "content-length": length, "accept-encoding": encoding, ...headers } = request.headers;
        const sent = { method: request.method, headers, body: body.length ? body : undefined };
        const answer = await fetch(`${url}${request.url}`, sent);
        response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") });
        response.end(Buffer.from(await answer.arrayBuffer()));
      });
    });
    recorder.server.listen(0, "127.0.0.1");
    await once(recorder.server, "listening");
    recorder.url = `http://127.0.0.1:${recorder.server.address().port}`;
    return recorder;
  }

  /** The calls since the last time. */
  take() {
    return this.calls.splice(0);
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

async function openShop() {
  const peer = new Peer("serve");
  const hello = JSON.parse(await peer.read());
  const recorder = await Recorder.before(hello.url);
  const settings = (accessToken) => new Configuration({ accessToken, basePath: recorder.url });
  return {
    peer,
    hello,
    recorder,
    orders: new OrdersApi(settings(hello.private_key)),
    keys: new WebhookKeysApi(settings(hello.private_key)),
    strangers: new OrdersApi(settings("key_stranger")),
    async tell(question) {
      return JSON.parse(await peer.ask({ ...question, base_url: recorder.url }));
    },
    async close() {
      recorder.close();
      await peer.end();
    },
  };
}

/** What a merchant would give the SDK for the order our adapter makes. */
function wish(reference, expiresAt) {
  return {
    currency: "MXN",
    customer_info: { name: "Cliente WiFi", email: `${reference.toLowerCase()}@example.com`, phone: "+5215555555555" },
    line_items: [{ name: "1 Hora", unit_price: 1500, quantity: 1, sku: reference }],
    checkout: {
      type: "HostedPayment",
      name: reference,
      allowed_payment_methods: ["card", "cash", "bank_transfer"],
      expires_at: expiresAt,
      success_url: "https://relay.example/o/t0k3n",
      failure_url: "https://relay.example/o/t0k3n",
      redirection_time: 4,
    },
    metadata: { ref: reference },
  };
}

const inThreeDays = () => Math.floor(Date.now() / 1000) + 72 * 3600;
const refused = (status) => (error) => error.response?.status === status;
const base64 = (text) => Buffer.from(text).toString("base64");

/** Method, path, and the headers that matter, alike but for the minor version and each one's own name. */
function assertAlike(ours, theirs) {
  assert.deepEqual([ours.method, ours.path], [theirs.method, theirs.path]);
  for (const name of ["authorization", "accept-language"]) assert.equal(ours.headers[name], theirs.headers[name], name);
  const version = /^application\/vnd\.conekta-v(2\.\d)\.0\+json$/;
  assert.equal(ours.headers.accept.match(version)?.[1], "2.2");
  assert.equal(theirs.headers.accept.match(version)?.[1], "2.3");
  const type = ({ headers }) => headers["content-type"]?.split(";")[0];
  if (theirs.body) {
    assert.equal(type(ours), type(theirs));
    assert.deepEqual(JSON.parse(ours.body), JSON.parse(theirs.body));
  } else {
    assert.equal(ours.body, "");
  }
}

function openssl(args, input) {
  return execFileSync("openssl", args, { cwd: folder, input, stdio: ["pipe", "pipe", "ignore"] });
}

const checks = {
  async "the SDK makes, fetches, finds and refunds an order on our simulator"() {
    const shop = await openShop();
    const { data: made } = await shop.orders.createOrder(wish("SDK1", inThreeDays()), "es");
    assert.deepEqual([made.object, made.amount, made.currency, made.livemode], ["order", 1500, "MXN", false]);
    assert.deepEqual([made.payment_status, made.charges], [undefined, undefined]);
    assert.ok(made.checkout.url.startsWith(`${shop.hello.url}/checkout/`), made.checkout.url);
    assert.deepEqual([made.checkout.type, made.checkout.status], ["HostedPayment", "Issued"]);
    assert.equal(made.checkout.slug, made.checkout.id.replaceAll("-", ""));
    assert.equal(made.line_items.data[0].unit_price, 1500);
    assert.equal(made.metadata.ref, "SDK1");
    await shop.peer.ask({ pay: "SDK1", choice: "pay" });
    const { data: paid } = await shop.orders.getOrderById(made.id, "es");
    assert.deepEqual([paid.id, paid.payment_status, paid.charges.data[0].status], [made.id, "paid", "paid"]);
    assert.equal(paid.charges.data[0].order_id, made.id);
    const { data: found } = await shop.orders.getOrders("es", undefined, 20, "SDK1");
    assert.deepEqual([found.object, found.data.map((order) => order.id)], ["list", [made.id]]);
    const { data: none } = await shop.orders.getOrders("es", undefined, 20, "SDK2");
    assert.deepEqual([none.has_more, none.data], [false, []]);
    const give = (amount) => shop.orders.orderRefund(made.id, { amount, reason: "requested_by_client" }, "es");
    const { data: part } = await give(500);
    assert.deepEqual([part.payment_status, part.amount_refunded], ["partially_refunded", 500]);
    assert.equal(part.charges.data[0].refunds.data[0].amount, -500);
    await assert.rejects(give(1001), refused(422));
    const { data: whole } = await give(1000);
    assert.deepEqual([whole.payment_status, whole.amount_refunded], ["refunded", 1500]);
    await assert.rejects(give(1), refused(428));
    await shop.close();
  },

  async "the SDK is refused as Conekta refuses"() {
    const shop = await openShop();
    const order = wish("NO1", inThreeDays());
    await assert.rejects(shop.strangers.createOrder(order, "es"), refused(401));
    await assert.rejects(shop.orders.getOrderById("ord_unknown", "es"), refused(404));
    for (const broken of [
      { ...order, currency: "XXX" },
      { ...order, line_items: [] },
      { ...order, line_items: [{ name: "x", unit_price: 15.5, quantity: 1 }] },
      { ...order, line_items: [{ name: "x", unit_price: 299, quantity: 1 }] },
      { ...order, customer_info: { name: "x", phone: "1" } },
      { ...order, metadata: { ref: "x".repeat(250) } },
      { ...order, checkout: { ...order.checkout, expires_at: 1 } },
      { ...order, checkout: { ...order.checkout, allowed_payment_methods: ["barter"] } },
      { ...order, checkout: undefined },
    ]) {
      await assert.rejects(shop.orders.createOrder(broken, "es"), refused(422), JSON.stringify(broken));
    }
    const card = (token_id) => ({ ...order, checkout: undefined, charges: [{ payment_method: { type: "card", token_id } }] });
    const { data: paid } = await shop.orders.createOrder(card("tok_test_visa_4242"), "es");
    assert.equal(paid.payment_status, "paid");
    await assert.rejects(shop.orders.createOrder(card("tok_test_card_declined"), "es"), (error) => {
      const { data, details } = error.response.data;
      assert.deepEqual([data.object, data.payment_status], ["order", "declined"]);
      assert.equal(details[0].message, "La tarjeta fue declinada.");
      return error.response.status === 402;
    });
    await shop.close();
  },

  async "our adapter sends what the SDK sends"() {
    const shop = await openShop();
    const started = await shop.tell({ start: "SAME1" });
    const [ours] = shop.recorder.take();
    const expiresAt = JSON.parse(ours.body).checkout.expires_at;
    assert.ok(Math.abs(expiresAt - inThreeDays()) < 60, expiresAt);
    await shop.orders.createOrder(wish("SAME1", expiresAt), "es");
    const [theirs] = shop.recorder.take();
    assertAlike(ours, theirs);

    const asked = await shop.tell({ ask: "SAME1", id: started.id });
    assert.deepEqual(asked, { status: "Pending", minor: 1500, id: started.id });
    await shop.orders.getOrderById(started.id, "es");
    assertAlike(...shop.recorder.take());

    // Of two orders with our reference the paid one counts.
    await shop.peer.ask({ pay: "SAME1", choice: "pay" });
    const found = await shop.tell({ ask: "SAME1" });
    assert.deepEqual(found, { status: "Paid", minor: 1500, id: started.id });
    await shop.orders.getOrders("es", undefined, 20, "SAME1");
    assertAlike(...shop.recorder.take());

    assert.deepEqual(await shop.tell({ refund: "SAME1", id: started.id, minor: 1500 }), { state: "Done" });
    const [read, ourRefund] = shop.recorder.take();
    assert.deepEqual([read.method, read.path], ["GET", `/orders/${started.id}`]);
    const again = shop.orders.orderRefund(started.id, { amount: 1500, reason: "requested_by_client" }, "es");
    await assert.rejects(again, refused(428));
    assertAlike(ourRefund, shop.recorder.take()[0]);
    assert.deepEqual(await shop.tell({ refund: "SAME1", id: started.id, minor: 1500 }), { state: "Done" });
    assert.equal(shop.recorder.take().length, 1, "read, and not asked for again");
    await shop.close();
  },

  async "openssl accepts our simulator's DIGESTs, by the key that the SDK fetched"() {
    const shop = await openShop();
    const verify = (pem, digest, body) => {
      writeFileSync(path.join(folder, "key.pem"), pem);
      writeFileSync(path.join(folder, "signature"), Buffer.from(digest, "base64"));
      writeFileSync(path.join(folder, "body"), body);
      return spawnSync("openssl", ["dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "body"], { cwd: folder }).status === 0;
    };
    const sign = (body) => shop.peer.ask({ sign: base64(body) });
    const first = shop.hello.webhook_key;
    const old = await sign("x");
    assert.ok(verify(first, old, "x"));
    const { data: key } = await shop.keys.createWebhookKey("es", { active: true });
    assert.deepEqual([key.object, key.active, key.livemode], ["webhook_key", true, false]);
    for (const [name, body] of Object.entries(BODIES)) {
      const digest = await sign(body);
      assert.equal(Buffer.from(digest, "base64").length, 256, name);
      assert.ok(verify(key.public_key, digest, body), name);
      assert.ok(!verify(key.public_key, digest, `${body} `), `${name}, one byte more`);
      assert.ok(!verify(first, digest, body), `${name}, the old key`);
    }
    const { data: list } = await shop.keys.getWebhookKeys("es");
    assert.deepEqual(list.data.map((one) => one.public_key), [null, null], "only the creation shows the key");
    await shop.close();
  },

  async "we accept the DIGESTs that openssl makes, and no others"() {
    const peer = new Peer("verify");
    const pems = ["one", "two"].map((name) => {
      openssl(["genrsa", "-out", `${name}.key`, "2048"]);
      return openssl(["rsa", "-in", `${name}.key`, "-pubout"]).toString();
    });
    const weAccept = async (keys, headers, body) => {
      const verdict = await peer.ask({ keys, headers: [headers].flat(), body: base64(body) });
      assert.match(verdict, /^(accepted$|rejected: )/);
      return verdict === "accepted";
    };
    const sign = (name, body, ...options) => openssl(["dgst", "-sha256", "-sign", `${name}.key`, ...options], body).toString("base64");
    for (const [name, body] of Object.entries(BODIES)) {
      const digest = sign("one", body);
      assert.ok(await weAccept([pems[0]], digest, body), name);
      assert.ok(await weAccept([pems[1], pems[0]], digest, body), `${name}, rotating`);
      assert.ok(await weAccept(pems, `SHA-256=${digest}`, body), `${name}, with a prefix`);
      assert.ok(!(await weAccept([pems[1]], digest, body)), `${name}, another key`);
      assert.ok(!(await weAccept(pems, digest, `${body} `)), `${name}, one byte more`);
      assert.ok(!(await weAccept(pems, digest.slice(0, -4), body)), `${name}, cut off`);
      assert.ok(!(await weAccept(pems, [digest, digest], body)), `${name}, twice`);
      const pss = sign("one", body, "-sigopt", "rsa_padding_mode:pss");
      assert.ok(!(await weAccept(pems, pss, body)), `${name}, PSS`);
      const hex = openssl(["dgst", "-sha256", "-r"], body).toString().slice(0, 64);
      assert.ok(!(await weAccept(pems, sign("one", hex), body)), `${name}, over the digest's text`);
    }
    await peer.end();
  },
};

execFileSync("cargo", ["build", "--quiet", "--locked", "--example", "conekta_peer"], { cwd: root, stdio: "inherit" });
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
rmSync(folder, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
// A peer whose check failed in the middle is not waited for.
process.exit();
