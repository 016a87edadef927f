-- People. Times are seconds, as on the wire.
--
-- The nickname's collation decides what "taken" means. uca1400_nopad_as_ci: Ada and ADA are one name,
-- Jose and José are two. The older general_ci and unicode_ci give every emoji the same weight, so that
-- 🍣 and 🍺 would be one name; unicode_520_ci takes accents for nothing, and PADs with spaces.
CREATE TABLE users (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  nickname VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_as_ci NOT NULL,
  password_hash CHAR(60) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at INT UNSIGNED NOT NULL,
  updated_at INT UNSIGNED NOT NULL,
  last_seen_at INT UNSIGNED NOT NULL,
  online BOOLEAN NOT NULL DEFAULT FALSE,
  PRIMARY KEY (id),
  UNIQUE KEY nickname_taken (nickname),
  KEY listed (updated_at, nickname),
  KEY listed_by_presence (online, updated_at, nickname)
) ENGINE = InnoDB;
