-- Payments by link, keys of the API, and the webhooks that we send.

ALTER TABLE orders ADD COLUMN link_sealed BLOB;

-- What a program asked for, so that asking twice is one order.
CREATE TABLE link_request (
    order_reference TEXT PRIMARY KEY REFERENCES orders (reference) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id),
    account TEXT NOT NULL,
    reference_id TEXT NOT NULL,
    price_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    -- SHA-256 of the `Idempotency-Key` and of all that was asked.
    idempotency_sha256 BLOB,
    request_sha256 BLOB NOT NULL,
    -- The gateway's own words, for every repeat.
    answer_sealed BLOB,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX link_request_reference ON link_request (company, reference_id, created_at);
CREATE INDEX link_request_idempotency ON link_request (company, idempotency_sha256, created_at)
    WHERE idempotency_sha256 IS NOT NULL;

-- One table for every kind of key. The key itself is nowhere.
CREATE TABLE api_key (
    id TEXT PRIMARY KEY,
    company TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    sha256 BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX api_key_company ON api_key (company);

-- What signs webhooks: the newest and, while rotating, older ones until they expire.
CREATE TABLE hook_secret (
    id INTEGER PRIMARY KEY,
    company TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    signer TEXT NOT NULL,
    secret_sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
CREATE INDEX hook_secret_signer ON hook_secret (company, signer);

-- Webhooks to send.
CREATE TABLE hook (
    id INTEGER PRIMARY KEY,
    company TEXT NOT NULL REFERENCES company (id),
    order_reference TEXT REFERENCES orders (reference) ON DELETE SET NULL,
    message_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    url_sealed BLOB NOT NULL,
    signer TEXT NOT NULL,
    body_sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    state_at INTEGER,
    tries INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL
) STRICT;
CREATE INDEX hook_order ON hook (order_reference) WHERE order_reference IS NOT NULL;
CREATE INDEX hook_company ON hook (company);

-- Each try to deliver one.
CREATE TABLE hook_delivery (
    id INTEGER PRIMARY KEY,
    hook INTEGER NOT NULL REFERENCES hook (id) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id),
    at INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    status INTEGER,
    error TEXT
) STRICT;
CREATE INDEX hook_delivery_hook ON hook_delivery (hook, id);
CREATE INDEX hook_delivery_company ON hook_delivery (company);
