/**
 * Whether a migration only expands: whether the release before it goes on with the schema after it.
 * Pure; migration-plan.ts asks before anything is applied, and `mf` before it builds or upgrades.
 *
 * It knows what is harmless and takes everything else for harm: a new table, a column that may be
 * left out, an index that forbids nothing, more rows. What takes something away belongs into a later
 * release's migration whose first line is `-- contract`, which waits until no older instance runs.
 */
export interface Migration {
  name: string;
  sql: string;
}

const columnKinds = /^(?:GENERATED|AS|DEFAULT|AUTO_INCREMENT)$/i;
const harmlessSpec =
  /^(?:ADD (?:(?:FULLTEXT|SPATIAL) )?(?:INDEX|KEY)\b|ALTER (?:COLUMN )?(?:IF EXISTS )?\S+ SET DEFAULT\b|COMMENT\b|ALGORITHM\b|LOCK\b|AUTO_INCREMENT\b)/i;
const harmlessStatement =
  /^(?:CREATE TABLE\b|CREATE (?:(?:FULLTEXT|SPATIAL) )?INDEX\b|INSERT\b(?!.*\bON DUPLICATE KEY\b)|UPDATE\b|SELECT\b|SET (?:NAMES|SESSION|STATEMENT|@))/i;

/** Whether the file says that it takes something away. */
export function isContracting({ sql }: Migration): boolean {
  return /^\s*--\s+contract\b/i.test(sql);
}

/** Refuses a migration that would break older releases and does not say so. */
export function refuseSilentContraction(migration: Migration): void {
  if (isContracting(migration)) return;
  const [harm] = breakingParts(migration.sql);
  if (harm === undefined) return;
  throw new Error(
    `${migration.name} would break the release before it (${harm}): expand first, and take away in a later release, in a file that begins with '-- contract'`,
  );
}

/** What of it an older release may not survive, in its own words; empty when it only expands. */
export function breakingParts(sql: string): string[] {
  return splitAt(withoutNoise(sql), ';').flatMap((statement) => {
    const altered = /^ALTER (?:ONLINE )?(?:IGNORE )?TABLE (?:IF EXISTS )?\S+ (.*)$/i.exec(
      statement,
    );
    if (altered?.[1] !== undefined) return splitAt(altered[1], ',').filter(isHarmfulSpec);
    return harmlessStatement.test(statement) ? [] : [statement];
  });
}

function isHarmfulSpec(spec: string): boolean {
  if (harmlessSpec.test(spec)) return false;
  const added = /^ADD (?:COLUMN )?(?:IF NOT EXISTS )?(.*)$/i.exec(spec)?.[1];
  if (added === undefined) return true;
  const several = /^\((.*)\)$/.exec(added)?.[1];
  const columns = several === undefined ? [added] : splitAt(several, ',');
  return columns.some(isHarmfulColumn);
}

/** Older releases leave it out when they write a row, and may repeat what others wrote. */
function isHarmfulColumn(definition: string): boolean {
  const words = definition.split(' ');
  if (/^(?:UNIQUE|PRIMARY|CONSTRAINT|FOREIGN|CHECK|PARTITION|SYSTEM|PERIOD)$/i.test(words[0] ?? ''))
    return true;
  if (/\b(?:UNIQUE|PRIMARY|KEY|CHECK|REFERENCES)\b/i.test(definition)) return true;
  return /\bNOT NULL\b/i.test(definition) && !words.some((word) => columnKinds.test(word));
}

/**
 * The code alone, on one line: comments are gone, and texts and quoted names hold no words any more.
 * What stands in an executable comment, `/*!`, is code.
 */
function withoutNoise(sql: string): string {
  const noise =
    /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`|(?:--(?=\s|$)|#).*$|\/\*(?!M?!)[\s\S]*?\*\//gm;
  return sql
    .replaceAll(noise, (found) => (/^['"`]/.test(found) ? '_' : ' '))
    .replaceAll(/\/\*M?!\d*|\*\//g, ' ')
    .replaceAll(/\s+/g, ' ');
}

/** Not inside parentheses. */
function splitAt(text: string, separator: ';' | ','): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === separator && depth === 0) parts.push('');
    else parts.push((parts.pop() ?? '') + character);
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
