-- Sales by card token, as captive portals ask for them.

CREATE TABLE card_sale (
    order_reference TEXT PRIMARY KEY REFERENCES orders (reference) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id),
    -- What was asked for and what came of it, as JSON: persons and codes of cards.
    wish_sealed BLOB NOT NULL,
    result_sealed BLOB NOT NULL,
    -- SHA-256 of the card token that is charged; the token itself is nowhere.
    token_sha256 BLOB NOT NULL,
    -- SHA-256 of product, device and address: what makes a double tap. NULL without a device.
    tap_sha256 BLOB,
    -- From here on nobody knows without asking whether the card was charged.
    charge_began_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX card_sale_tap ON card_sale (tap_sha256, created_at) WHERE tap_sha256 IS NOT NULL;
CREATE INDEX card_sale_company ON card_sale (company);

-- What names a sale: an `Idempotency-Key`, a card token. Asking again by one of them is asking for that sale.
CREATE TABLE sale_claim (
    claim_sha256 BLOB PRIMARY KEY,
    order_reference TEXT NOT NULL REFERENCES orders (reference) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id),
    -- 1: it came within the minute of a double tap, and means that sale only as long as it has not failed.
    is_tap INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sale_claim_order ON sale_claim (order_reference);
CREATE INDEX sale_claim_company ON sale_claim (company);
