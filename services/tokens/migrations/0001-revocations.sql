-- Sessions that are over before their tokens are. Each takes the next number of the one counter in
-- its own transaction, under the counter row's lock: numbers become visible in order, so that
-- whoever asks for everything after N cannot miss one that commits late.
CREATE TABLE IF NOT EXISTS revocation_counter (
  id TINYINT UNSIGNED NOT NULL,
  last_change BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB;

INSERT IGNORE INTO revocation_counter (id, last_change) VALUES (1, 0);

-- A row is needed until the session's last token has ended by itself (expires_at, seconds).
CREATE TABLE IF NOT EXISTS revocations (
  session CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `change` BIGINT UNSIGNED NOT NULL,
  expires_at INT UNSIGNED NOT NULL,
  PRIMARY KEY (session),
  UNIQUE KEY in_order (`change`),
  KEY expired (expires_at)
) ENGINE = InnoDB;
