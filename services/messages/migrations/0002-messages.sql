-- seq: the number under which a message was posted, its place in the room for ever.
-- change_number: the number under which it was last posted, edited, expanded or deleted.
-- request_hash: what was sent with the idempotency key; an edit changes the source, not this.
-- links_due_at: from when on anybody may expand its links; null when there is nothing to expand.
CREATE TABLE IF NOT EXISTS messages (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  room_id INT UNSIGNED NOT NULL,
  seq BIGINT UNSIGNED NOT NULL,
  change_number BIGINT UNSIGNED NOT NULL,
  rev INT UNSIGNED NOT NULL DEFAULT 0,
  user_id BIGINT UNSIGNED NOT NULL,
  created_at INT UNSIGNED NOT NULL,
  updated_at INT UNSIGNED NOT NULL,
  source MEDIUMTEXT NOT NULL,
  html MEDIUMTEXT NOT NULL,
  deleted BOOLEAN NOT NULL DEFAULT FALSE,
  idempotency_key VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
  request_hash BINARY(32) NULL,
  links_due_at INT UNSIGNED NULL,
  PRIMARY KEY (id),
  UNIQUE KEY messages_by_seq (room_id, seq),
  UNIQUE KEY messages_by_change (room_id, change_number),
  UNIQUE KEY messages_by_idempotency_key (user_id, idempotency_key),
  KEY messages_by_time (room_id, updated_at, seq),
  KEY messages_by_author (room_id, user_id, seq),
  KEY messages_by_links_due (links_due_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
