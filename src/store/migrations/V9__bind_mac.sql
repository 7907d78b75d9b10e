-- The buyer asked for his device to be logged in and kept: its user is bound to the MAC after the login.
ALTER TABLE orders ADD COLUMN bind_mac INTEGER NOT NULL DEFAULT 0 CHECK (bind_mac IN (0, 1));
