-- Money that goes back.

-- Every payment that a gateway confirmed, whatever became of its order: a second one for the same order, or one whose
-- amount was wrong, is given back by its own id. `look_at` is when the gateway is asked again whether it is still paid.
CREATE TABLE payment (
    account TEXT NOT NULL REFERENCES account (id),
    gateway_id TEXT NOT NULL,
    order_reference TEXT NOT NULL REFERENCES orders (reference) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id),
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    look_at INTEGER,
    PRIMARY KEY (account, gateway_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX payment_order ON payment (order_reference);
CREATE INDEX payment_company ON payment (company);
CREATE INDEX payment_look ON payment (account, look_at) WHERE look_at IS NOT NULL;

INSERT INTO payment (account, gateway_id, order_reference, company, amount_minor, currency, seen_at)
SELECT account, gateway_id, reference, company, price_minor, currency, paid_at FROM orders
WHERE gateway_id IS NOT NULL AND paid_at IS NOT NULL;

-- Wishes to give a payment back, and what became of them. One payment is given back once: `UNIQUE`.
CREATE TABLE refund (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    gateway_id TEXT NOT NULL,
    order_reference TEXT NOT NULL REFERENCES orders (reference) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id),
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    wisher TEXT NOT NULL,
    -- 1: a second payment; the order itself stays as it is.
    is_extra INTEGER NOT NULL,
    standing TEXT NOT NULL,
    -- What the gateway said when it refused.
    words TEXT,
    attempts INTEGER NOT NULL,
    wished_at INTEGER NOT NULL,
    -- Since when the user is known not to work on the router.
    withdrawn_at INTEGER,
    asked_at INTEGER,
    ended_at INTEGER,
    UNIQUE (account, gateway_id)
) STRICT;
CREATE INDEX refund_order ON refund (order_reference);
CREATE INDEX refund_company ON refund (company);
