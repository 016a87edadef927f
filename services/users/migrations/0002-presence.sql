-- Who holds whom online. A holder renews its lease as one row, however many people it holds, so
-- that a heartbeat costs one write. Times are milliseconds: leases are counted more finely than the wire.
CREATE TABLE IF NOT EXISTS presence_holders (
  holder VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seen_at BIGINT UNSIGNED NOT NULL,
  expires_at BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (holder),
  KEY expired (expires_at)
) ENGINE = InnoDB;

-- No foreign key to users: its shared lock on the person's row would deadlock with the exclusive one
-- under which a person's presence is decided.
CREATE TABLE IF NOT EXISTS presence (
  holder VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id INT UNSIGNED NOT NULL,
  PRIMARY KEY (holder, user_id),
  KEY of_person (user_id)
) ENGINE = InnoDB;
