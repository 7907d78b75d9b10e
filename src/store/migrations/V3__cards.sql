-- Cards, wallets and cash.

-- When money goes back without a person saying so.
ALTER TABLE account ADD COLUMN refund_undelivered_after_h INTEGER;
ALTER TABLE account ADD COLUMN refund_paid_twice INTEGER NOT NULL DEFAULT 0;

-- The parameters of a webhook's address that are the gateway's own: Mercado Pago signs one of them and not the body.
ALTER TABLE event ADD COLUMN query TEXT NOT NULL DEFAULT '';

-- How a pending payment is completed at a till or a bank, as JSON.
ALTER TABLE orders ADD COLUMN instructions TEXT;
