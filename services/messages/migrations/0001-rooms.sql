-- A room counts its changes. Whoever changes anything in it takes the next number under the lock of this row, in the
-- same transaction: numbers become visible in their order, without gaps.
CREATE TABLE IF NOT EXISTS rooms (
  room_id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  last_change BIGINT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (room_id),
  UNIQUE KEY rooms_by_name (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

INSERT IGNORE INTO rooms (name) VALUES ('general');
