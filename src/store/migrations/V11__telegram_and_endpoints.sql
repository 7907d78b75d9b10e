-- Telegram notices, the endpoints of a company's own webhooks, and which routers are known to be offline.

-- Notices to send. The text holds a code.
CREATE TABLE telegram_notice (
    id INTEGER PRIMARY KEY,
    company TEXT NOT NULL REFERENCES company (id),
    order_reference TEXT REFERENCES orders (reference) ON DELETE CASCADE,
    -- Seals the text.
    nonce TEXT NOT NULL,
    text_sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    state_at INTEGER,
    state_reason TEXT
) STRICT;
CREATE INDEX telegram_notice_order ON telegram_notice (order_reference) WHERE order_reference IS NOT NULL;
CREATE INDEX telegram_notice_company ON telegram_notice (company);

-- What Telegram last said to a company's bot: a pause it asked for, or a refusal that the operator was told of.
CREATE TABLE telegram_standing (
    company TEXT PRIMARY KEY REFERENCES company (id) ON DELETE CASCADE,
    rest_until INTEGER,
    fault TEXT,
    fault_at INTEGER,
    -- SHA-256 of the bot and the chat that were refused: others have their own chance, and their own mail.
    fault_sha256 BLOB
) STRICT, WITHOUT ROWID;

-- Where a company's own webhooks go.
CREATE TABLE hook_endpoint (
    id TEXT PRIMARY KEY,
    company TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    url_sealed BLOB NOT NULL,
    -- A JSON list of event types: it is read and written as a whole.
    events TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- When it answered that it wants no more (410).
    gone_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX hook_endpoint_company ON hook_endpoint (company);

-- Routers whose absence was told; they are online again when their row is gone.
CREATE TABLE router_offline (
    router TEXT PRIMARY KEY REFERENCES router (id) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX router_offline_company ON router_offline (company);
