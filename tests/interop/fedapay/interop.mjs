// Our FedaPay side against FedaPay's own SDK for Node: signatures both ways, the SDK's client on our
// simulator, and a webhook of the simulator over a real socket.
//
// Needs `npm ci` in this folder and a Rust toolchain. The last line says `N passed, N failed`.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

const { FedaPay, Transaction, Webhook } = createRequire(import.meta.url)("fedapay");

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
const peerProgram = path.join(target, "debug/examples/fedapay_peer");

const T = 1_700_000_000;
const S1 = "wh_sandbox_test_secret_1";
const S2 = "wh_live_test_secret_2";
const BODIES = {
  "a plain event":
    '{"name":"transaction.approved","object":"transaction","entity":{"id":104013,"reference":"trx_abc_1700000000000","amount":100,"status":"approved"}}',
  "accents and a dash": '{"name":"transaction.declined","entity":{"id":104014,"description":"Forfait été 1h – Cotonou","status":"declined"}}',
  "odd whitespace and a final newline": '{ "name" : "transaction.approved",\n  "entity" : { "id" : 104015, "amount" : 200 } }\n',
  "an empty object": "{}",
  "escapes and an emoji": '{"name":"transaction.updated","entity":{"id":1,"description":"\\u00e9 \\" \\\\ 😀"}}',
};

/** A running `fedapay_peer`: one line in, one line out. */
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

const base64 = (text) => Buffer.from(text).toString("base64");
const sdkHeader = (payload, secret, timestamp) => Webhook.generateTestHeaderString({ payload, secret, timestamp });

/** Whether the SDK accepts, with its clock set. */
function sdkAccepts(body, header, secret, nowS) {
  const clock = Date.now;
  Date.now = () => nowS * 1000;
  try {
    Webhook.constructEvent(body, header, secret);
    return true;
  } catch (error) {
    assert.match(error.constructor.name, /SignatureVerificationError/, error.stack);
    return false;
  } finally {
    Date.now = clock;
  }
}

async function weAccept(peer, headers, body, nowS, secrets = [S1]) {
  const verdict = await peer.ask({ secrets, headers: [headers].flat(), body: base64(body), now_s: nowS });
  assert.match(verdict, /^(accepted$|rejected: )/);
  return verdict === "accepted";
}

const checks = {
  async "we accept what the SDK signs"() {
    const peer = new Peer("verify");
    for (const [name, body] of Object.entries(BODIES)) {
      for (const secret of [S1, S2]) {
        const header = sdkHeader(body, secret, T);
        assert.ok(await weAccept(peer, header, body, T, [secret]), name);
        assert.ok(await weAccept(peer, header, body, T, ["wh_live_older", secret]), `${name}, rotating`);
        assert.ok(!(await weAccept(peer, header, body, T, ["wh_live_older"])), `${name}, another secret`);
        assert.ok(!(await weAccept(peer, header, `${body} `, T, [secret])), `${name}, one byte more`);
      }
    }
    await peer.end();
  },

  async "we accept the SDK's signature of this very moment"() {
    const peer = new Peer("verify");
    const body = BODIES["a plain event"];
    const header = sdkHeader(body, S1, undefined);
    assert.equal(await peer.ask({ secrets: [S1], headers: [header], body: base64(body) }), "accepted");
    await peer.end();
  },

  async "headers and clocks are judged as the SDK does, or more strictly where it is lax"() {
    const peer = new Peer("verify");
    const body = BODIES["a plain event"];
    const s = sdkHeader(body, S1, T).split("s=")[1];
    const wrong = "0".repeat(64);
    // [header, seconds since t, the SDK accepts, we accept]
    const rows = [
      [`t=${T},s=${s}`, 0, true, true],
      [`t=${T},s=${s}`, 300, true, true],
      [`t=${T},s=${s}`, 301, false, false],
      [`t=${T},s=${s}`, -300, true, true],
      [`t=${T},s=${s}`, -301, true, false],
      [`t=${T},s=${wrong},s=${s}`, 0, true, true],
      [`t=${T},v1=${s}`, 0, false, false],
      [`t=${T},v1=00,s=${s}`, 0, true, true],
      [`s=${s},t=${T}`, 0, true, true],
      [`t=${T}, s=${s}`, 0, false, true],
      [`t=${T}x,s=${s}`, 0, true, false],
      [`t=1,t=${T},s=${s}`, 0, true, false],
      [`t=${T},s=${s.toUpperCase()}`, 0, false, true],
      [`t=${T},s=${s.slice(0, 62)}`, 0, false, false],
      [`t=${T + 1},s=${s}`, 0, false, false],
      [`t=${T}`, 0, false, false],
      [`s=${s}`, 0, false, false],
      ["", 0, false, false],
    ];
    for (const [header, age, sdk, ours] of rows) {
      assert.equal(sdkAccepts(body, header, S1, T + age), sdk, `the SDK: ${header} after ${age} s`);
      assert.equal(await weAccept(peer, header, body, T + age), ours, `ours: ${header} after ${age} s`);
    }
    assert.ok(!(await weAccept(peer, [], body, T)), "no header");
    assert.ok(!(await weAccept(peer, [`t=${T},s=${s}`, `t=${T},s=${s}`], body, T)), "two headers");
    assert.ok(!(await weAccept(peer, sdkHeader(body, "", T), body, T, [""])), "an empty secret");
    await peer.end();
  },

  async "the SDK accepts what our simulator signs"() {
    const peer = new Peer("sign");
    for (const [name, body] of Object.entries(BODIES)) {
      for (const secret of [S1, S2]) {
        const header = await peer.ask({ secret, body: base64(body), at_s: T });
        assert.equal(header, sdkHeader(body, secret, T), name);
        assert.ok(sdkAccepts(body, header, secret, T), name);
        assert.ok(!sdkAccepts(body, header, `${secret}x`, T), `${name}, another secret`);
        assert.ok(!sdkAccepts(`${body} `, header, secret, T), `${name}, one byte more`);
        assert.ok(!sdkAccepts(body, header, secret, T + 301), `${name}, too old`);
      }
    }
    await peer.end();
  },

  async "the SDK's client makes, fetches and follows a transaction on our simulator"() {
    const peer = new Peer("serve");
    const hello = JSON.parse(await peer.read());
    FedaPay.setApiBase(hello.url);
    FedaPay.setApiKey(hello.secret_key);
    const wish = {
      description: "Ticket 4 heures",
      amount: 100,
      currency: { iso: "XOF" },
      callback_url: "http://127.0.0.1/back",
      custom_metadata: { ref: "A1B2C3" },
      merchant_reference: "A1B2C3",
    };
    const made = await Transaction.create(wish);
    assert.equal(made.status, "pending");
    assert.equal(made.amount, 100);
    const token = await made.generateToken();
    assert.ok(token.url.startsWith(`${hello.url}/pay/`), token.url);
    const fetched = await Transaction.retrieve(made.id);
    assert.deepEqual([fetched.id, fetched.reference, fetched.custom_metadata.ref], [made.id, made.reference, "A1B2C3"]);
    assert.equal(fetched.wasPaid(), false);
    await assert.rejects(Transaction.create(wish), (error) => error.httpStatus === 422);
    await assert.rejects(Transaction.create({ ...wish, merchant_reference: "B", amount: null }), (error) => error.httpStatus === 422);
    await assert.rejects(Transaction.retrieve(1), (error) => error.httpStatus === 404);
    FedaPay.setApiKey("sk_sandbox_wrong");
    await assert.rejects(Transaction.retrieve(made.id), (error) => error.httpStatus === 401);
    FedaPay.setApiKey(hello.secret_key);
    assert.equal(await peer.ask({ pay: "A1B2C3", choice: "pay" }), "done");
    assert.equal((await Transaction.retrieve(made.id)).wasPaid(), true);
    await peer.end();
  },

  async "the SDK accepts our simulator's webhooks over a socket, save the forged one"() {
    const taken = [];
    const server = http.createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        taken.push({ body: Buffer.concat(chunks), header: request.headers["x-fedapay-signature"] });
        response.end();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const peer = new Peer("serve");
    const hello = JSON.parse(await peer.read());
    FedaPay.setApiBase(hello.url);
    FedaPay.setApiKey(hello.secret_key);
    await peer.ask({ webhook: `http://127.0.0.1:${server.address().port}/hook` });
    for (const [order, choice] of [["HOOK1", "pay"], ["HOOK2", "decline"], ["HOOK3", "pay-bad-signature"]]) {
      await Transaction.create({ description: "x", amount: 100, currency: { iso: "XOF" }, merchant_reference: order });
      await peer.ask({ pay: order, choice });
    }
    const events = taken.slice(0, 2).map(({ body, header }) => Webhook.constructEvent(body, header, hello.webhook_secret));
    assert.deepEqual(
      events.map((event) => [event.name, event.entity.merchant_reference, event.entity.status]),
      [["transaction.approved", "HOOK1", "approved"], ["transaction.declined", "HOOK2", "declined"]],
    );
    assert.equal(taken.length, 3);
    const forged = () => Webhook.constructEvent(taken[2].body, taken[2].header, hello.webhook_secret);
    assert.throws(forged, (error) => /SignatureVerificationError/.test(error.constructor.name));
    await peer.end();
    server.close();
  },
};

execFileSync("cargo", ["build", "--quiet", "--locked", "--example", "fedapay_peer"], { cwd: root, stdio: "inherit" });
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
