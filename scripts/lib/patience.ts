/**
 * How long a stack's parts are waited for: all in one proportion, because a machine that is slow is slow in all.
 *
 * MF_PATIENCE_S is how long a start may take. A machine that is emulated takes many times as long as one that is
 * there, and microflack.service and the machine's own `mf` (provision/machine/) say so.
 */
const startS = Number(process.env.MF_PATIENCE_S || 60);

/** For a part, or an instance, to be fit to serve. */
export const startMs = startS * 1_000;
/** For an answer of one that is: 2 s where a start may take a minute. */
export const answerMs = startMs / 30;
