-- The first schema. Frozen once released: a change is a new file.
-- Times are milliseconds since 1970; `*_sealed` columns are encrypted with the master key.
-- `company` is on every row that belongs to one.

-- `mikr`: tells our files from other programs'.
PRAGMA application_id = 1835625330;

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta (name, value) VALUES ('directory_version', 1), ('poke', 0);

-- The business, written by `apply`.

CREATE TABLE company (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    country TEXT NOT NULL,
    language TEXT NOT NULL,
    timezone TEXT NOT NULL,
    notify_email TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE router (
    id TEXT PRIMARY KEY,
    company TEXT NOT NULL REFERENCES company (id),
    address TEXT NOT NULL,
    tls TEXT NOT NULL,
    user TEXT,
    password_sealed BLOB,
    access_uuid TEXT NOT NULL,
    CHECK ((user IS NULL) = (password_sealed IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX router_company ON router (company);

CREATE TABLE hotspot (
    id TEXT PRIMARY KEY,
    company TEXT NOT NULL REFERENCES company (id),
    router TEXT NOT NULL REFERENCES router (id),
    label TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    dns_name TEXT,
    mode TEXT NOT NULL,
    length INTEGER NOT NULL,
    alphabet TEXT NOT NULL,
    prefix TEXT NOT NULL,
    links TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX hotspot_company ON hotspot (company);
CREATE INDEX hotspot_router ON hotspot (router);

CREATE TABLE account (
    id TEXT PRIMARY KEY,
    company TEXT NOT NULL REFERENCES company (id),
    gateway TEXT NOT NULL,
    mode TEXT NOT NULL,
    base_url TEXT,
    keys_sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_company ON account (company);

CREATE TABLE plan (
    id TEXT PRIMARY KEY,
    company TEXT NOT NULL REFERENCES company (id),
    hotspot TEXT NOT NULL REFERENCES hotspot (id),
    label TEXT NOT NULL,
    profile TEXT NOT NULL,
    price_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    time_s INTEGER NOT NULL,
    data_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX plan_company ON plan (company);
CREATE INDEX plan_hotspot ON plan (hotspot);

CREATE TABLE plan_account (
    plan TEXT NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
    account TEXT NOT NULL REFERENCES account (id),
    company TEXT NOT NULL REFERENCES company (id),
    PRIMARY KEY (plan, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX plan_account_account ON plan_account (account);
CREATE INDEX plan_account_company ON plan_account (company);

-- Sales. `order` is a word of SQL, hence the plural.

CREATE TABLE orders (
    reference TEXT PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    company TEXT NOT NULL REFERENCES company (id),
    hotspot TEXT NOT NULL REFERENCES hotspot (id),
    account TEXT NOT NULL REFERENCES account (id),
    mode TEXT NOT NULL,
    -- The plan may be gone while its sales stay: no foreign key.
    plan TEXT,
    label TEXT NOT NULL,
    profile TEXT NOT NULL,
    price_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    time_s INTEGER NOT NULL,
    data_bytes INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    online TEXT NOT NULL,
    mac TEXT,
    ip TEXT,
    dst TEXT,
    language TEXT NOT NULL,
    phone TEXT,
    email TEXT,
    gateway_id TEXT,
    notify_token_sealed BLOB,
    pay_url TEXT,
    voucher_sealed BLOB,
    params_sealed BLOB,
    created_at INTEGER NOT NULL,
    paid_at INTEGER,
    provisioned_at INTEGER,
    delivered_at INTEGER
) STRICT;
CREATE UNIQUE INDEX orders_gateway_id ON orders (account, gateway_id) WHERE gateway_id IS NOT NULL;
CREATE INDEX orders_company ON orders (company, created_at);
CREATE INDEX orders_created ON orders (created_at);
CREATE INDEX orders_state ON orders (state, created_at);
CREATE INDEX orders_hotspot ON orders (hotspot);
CREATE INDEX orders_account ON orders (account);
CREATE INDEX orders_unprovisioned ON orders (paid_at) WHERE state IN ('paid', 'stuck');

-- Every text a buyer may type to find his order again, folded: our reference, the gateway's id, receipts.
CREATE TABLE order_reference (
    text TEXT NOT NULL,
    order_reference TEXT NOT NULL REFERENCES orders (reference) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id),
    PRIMARY KEY (text, order_reference)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_reference_order ON order_reference (order_reference);
CREATE INDEX order_reference_company ON order_reference (company);

-- What happened to an order, for `order show`.
CREATE TABLE order_step (
    id INTEGER PRIMARY KEY,
    order_reference TEXT NOT NULL REFERENCES orders (reference) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id),
    at INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX order_step_order ON order_step (order_reference, id);
CREATE INDEX order_step_company ON order_step (company);

-- The inbox: the exact bytes of every authentic webhook. Accepting one is the hottest path of the relay, so
-- company and hotspot are plain copies: the account's foreign key already vouches for the company.
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    company TEXT NOT NULL,
    gateway TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES account (id),
    hotspot TEXT NOT NULL,
    proof TEXT NOT NULL,
    key TEXT NOT NULL,
    body_sealed BLOB NOT NULL,
    body_sha256 BLOB NOT NULL,
    content_type TEXT,
    params_sealed BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    deliveries INTEGER NOT NULL,
    conflict INTEGER NOT NULL,
    outcome TEXT,
    settled_at INTEGER,
    order_reference TEXT REFERENCES orders (reference) ON DELETE SET NULL,
    UNIQUE (account, key)
) STRICT;
CREATE INDEX event_open ON event (id) WHERE settled_at IS NULL;
CREATE INDEX event_conflict ON event (id) WHERE conflict = 1;
CREATE INDEX event_order ON event (order_reference) WHERE order_reference IS NOT NULL;

-- What is still to do. `rerun_at` remembers a wish that came while the job was being done.
CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    company TEXT,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    lane TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL DEFAULT 0,
    rerun_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    last_error TEXT,
    UNIQUE (kind, subject)
) STRICT;
CREATE INDEX job_lane ON job (lane, due_at, id);

-- Mails to send.
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    company TEXT NOT NULL REFERENCES company (id),
    order_reference TEXT REFERENCES orders (reference) ON DELETE SET NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    text_sealed BLOB NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    state_at INTEGER,
    state_reason TEXT
) STRICT;
CREATE INDEX message_order ON message (order_reference) WHERE order_reference IS NOT NULL;
CREATE INDEX message_company ON message (company);
