-- What the messages service has told: one row a message, in the state of its change_number.
-- The index has all that the question for the most active people asks for, in its order.
CREATE TABLE IF NOT EXISTS said (
  message_id BIGINT UNSIGNED NOT NULL,
  user_id BIGINT UNSIGNED NOT NULL,
  change_number BIGINT UNSIGNED NOT NULL,
  deleted BOOLEAN NOT NULL,
  PRIMARY KEY (message_id),
  KEY said_by_person (user_id, deleted)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- Every change of a room up to this number is in the table above.
CREATE TABLE IF NOT EXISTS progress (
  room VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  change_number BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (room)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
