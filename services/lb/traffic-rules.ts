/**
 * The rules in the public frontend that decide whose version a request gets; sections.ts has the rest
 * of the edge. The answers are in the map (pools.ts), so that what is decided changes all at once.
 *
 * A person is told apart by the cookie mf_person, which says nothing about them. Whoever may choose a
 * version for their own requests has the cookie mf_me, `SERVICE:VERSION~EXPIRY~SEAL`, from a link that
 * `mf traffic SERVICE --me VERSION` prints (scripts/lib/me.ts); nobody else can make the seal.
 */
import { mapPath } from './files.ts';
import type { Service } from './model.ts';
import { backendOf } from './pools.ts';
import { problemAnswer } from './problems.ts';

const personMaxAgeSeconds = 31_536_000;
const meMaxAgeSeconds = 43_200;

export const mePath = '/.microflack/me';
const attributes = 'Path=/; HttpOnly; SameSite=Lax';

/** Who asks: the person's bucket and their own choice, in the baggage that all hops go by. */
export const whoAsks = `\
    # decision: a person is a random number, and has one of 100 buckets by it
    http-request set-var(txn.person) req.cook(mf_person)
    http-request set-var(txn.stranger) bool(true) unless { var(txn.person) -m found }
    http-request set-var(txn.person) uuid if { var(txn.stranger) -m found }
    http-request set-var(txn.cohort) var(txn.person),crc32(1),mod(100)
    http-response add-header Set-Cookie "mf_person=%[var(txn.person)]; Max-Age=${personMaxAgeSeconds}; ${attributes}" if { var(txn.stranger) -m found } { res.hdr(content-type) -m beg text/html }
    # decision: what somebody has chosen counts while its seal is ours and its time is not over
    http-request set-var(txn.me_shown) req.cook(mf_me)
    http-request set-var(txn.me_shown) url_param(t),url_dec if { path ${mePath} }
    http-request set-var(txn.me_said) var(txn.me_shown),field(1,~,2) if { var(txn.me_shown) -m found }
    http-request set-var(txn.me_given) var(txn.me_shown),field(3,~) if { var(txn.me_said) -m found }
    http-request set-var(txn.me_seal) var(txn.me_said),hmac(sha256,proc.traffic_key),hex,lower if { var(txn.me_given) -m found }
    http-request set-var(txn.now) date if { var(txn.me_seal) -m found }
    http-request set-var(txn.me) var(txn.me_said),field(1,~) if { var(txn.me_seal),secure_memcmp(txn.me_given) } { var(txn.me_said),field(2,~),sub(txn.now) gt 0 }
    http-request set-header baggage mf-cohort=%[var(txn.cohort)]
    http-request set-header baggage mf-cohort=%[var(txn.cohort)],mf-me=%[var(txn.me)] if { var(txn.me) -m found }
    http-request return status 303 hdr Location / hdr Cache-Control no-store hdr Set-Cookie "mf_me=%[var(txn.me_said)]~%[var(txn.me_seal)]; Max-Age=${meMaxAgeSeconds}; ${attributes}" if { path ${mePath} } { var(txn.me) -m found }
    http-request return status 303 hdr Location / hdr Cache-Control no-store hdr Set-Cookie "mf_me=; Max-Age=0; ${attributes}" if { path ${mePath} } { query off }
    http-request return ${problemAnswer('noChoice')} if { path -m beg /.microflack/ }`;

/** `txn.service` is known by now; what the map does not have goes to all of its servers. */
export function whichVersion(services: readonly Service[], haproxyConfig: string): string {
  const found = `'map("${mapPath(haproxyConfig)}")'`;
  return `\
    # policy: one's own choice comes first, then a session that has begun, then the person's bucket
    # or one that is drawn
    http-request set-var(txn.draw) rand(100)
    http-request set-var(txn.backend) var(txn.me),${found} if { var(txn.me),field(1,:),strcmp(txn.service) eq 0 }
${services.map(session).join('')}    http-request set-var(txn.backend) var(txn.service),concat(/person/,txn.cohort),${found} unless { var(txn.backend) -m found }
    http-request set-var(txn.backend) var(txn.service),concat(/request/,txn.draw),${found} unless { var(txn.backend) -m found }
    # decision: a worker that a reload left behind knows nothing new, and asks the one that does
    use_backend successor if { stopping }
    use_backend %[var(txn.backend)] if { var(txn.backend) -m found }`;
}

/** A session of polls is known by one instance alone, which the pool of all has, too. */
function session({ name, sticky }: Service): string {
  if (!sticky) return '';
  const known = `{ req.cook(${sticky}),in_table(${backendOf(name)}) }`;
  return `    http-request set-var(txn.backend) str(${backendOf(name)}) if { var(txn.service) -m str ${name} } ${known} !{ var(txn.backend) -m found }\n`;
}
