/**
 * What this command has itself asked for through HAProxy, to try a version out: no people's requests,
 * and where they fail nobody has lost anything. probes.ts counts, the recorder takes them out.
 *
 * For simplicity one count for the process: a command leaves one receipt.
 */

const own = { sent: 0, failed: 0 };

/** An answer that came; one that did not is nobody's 5xx. */
export function countOwnRequest(failed: boolean): void {
  own.sent += 1;
  if (failed) own.failed += 1;
}

export function ownRequests(): Readonly<typeof own> {
  return own;
}
