import { by, chaos, type Fault } from './fault.ts';

/** Security and load: 107 to 128. */
export const SECURITY_FAULTS: readonly Fault[] = [
  {
    number: 107,
    fault: 'A form, text or multipart mutation from another page',
    evidence: [
      by('http/gate', 'refuses %s with 415'),
      by('end-to-end/refusals', 'a post as %s is refused'),
      by('security/origins', 'is refused though its body is JSON and it has the token: %s'),
      by('security/origins', 'GET starts nothing by %s'),
    ],
    injection: 'such requests',
  },
  {
    number: 108,
    fault: 'DNS rebinding',
    evidence: [
      by('http/gate', 'refuses %s with 403 on every path and method'),
      by('end-to-end/refusals', 'is refused on %s, with and without a token'),
      by('security/origins', 'gets nothing %s, on any path by any method'),
      by('security/framing', 'Host with %s'),
    ],
    injection: 'foreign Hosts, every path and method',
  },
  {
    number: 109,
    fault: 'A foreign Origin',
    evidence: [
      by('end-to-end/refusals', 'is refused on %s, and no header allows it'),
      by(
        'end-to-end/refusals',
        'that was allowed exactly gets CORS without cookies, and still needs a token',
      ),
      by('security/origins', 'gets nothing, on any path by any method: %s'),
      by('security/framing', 'headers beyond the number that is read do not hide the one that matters'),
    ],
    injection: 'foreign origins, null, preflights',
  },
  {
    number: 110,
    fault: 'No token, a wrong one, one that may not',
    evidence: [
      by('http/gate', 'answers %s with 401 everywhere but /healthz'),
      by('http/login', 'ends with the logout, at once for its open streams, and stays ended'),
      by('security/credentials', 'the token, or what a proxy would vouch with, in %s'),
      by('security/credentials', 'is not used by %s'),
      by('http/wrong-attempts', 'is answered late at %s %s, and delays nobody else at that address'),
      by(
        'http/wrong-attempts',
        'is refused at once where two hundred wait, of whatever addresses, and a right one is let in',
      ),
      by('http/tokens', 'of a %s token let it do what they say, and nothing more, at every root field'),
      by(
        'http/tokens',
        'that is revoked is refused at once, and what it receives is cut within a second, on every door',
      ),
      by('http/tokens', 'that expires ends by itself, open streams and browsers with it'),
      by('http/tokens', 'are declared for every field of every type, but those of a log’s lines'),
      by(
        'security/routes',
        'has no path and no method that this test does not know, and the other way round',
      ),
      by('security/routes', 'every path answers a credential that is %s as the table says'),
      by('security/routes', 'a %s token gets what its scope allows at each root field, on both doors'),
      by('http/told-by-scope', 'shows a %s token the root fields that it may use, and no type beside'),
      by('http/told-by-scope', 'says which scope is missing of what exists, and names nothing else of it'),
    ],
    injection:
      'every path by every method over each protocol, with no token, a wrong, an expired and a revoked one, and one of each scope',
  },
  {
    number: 111,
    fault: 'A token in a URL',
    evidence: [
      by('http/gate', 'refuses a token in a URL, with and without the header'),
      by('http/login', 'is given for the token only, and lets one browser in, once'),
      by('http/graphql-stream', 'is no credential, and its parameter takes none'),
      by('security/credentials', 'the token in the URL as %s, in the body, and as user of the target'),
      by('security/credentials', 'lets one in, however many come with it at the same time'),
    ],
    injection: 'such requests',
  },
  {
    number: 112,
    fault: 'Reachable from outside without a token',
    evidence: [
      by('end-to-end/starting', 'is not started without a token where others could reach it'),
      by('http/sender', 'does not listen without authentication where others come, whatever name led there'),
      by('end-to-end/doors', 'warns where the network sees the token, and only there'),
    ],
    injection: '`--host 0.0.0.0 --auth off`, other spellings of it, and a name',
  },
  {
    number: 113,
    fault: 'Aliases, depth, width, tokens, batches',
    evidence: [
      by('http/graphql', 'hold: %s'),
      by('end-to-end/refusals', 'a query that is too deep, too wide or too long is refused'),
      by(
        'end-to-end/refusals',
        'a batch, two mutations in one request, and a document without a query are refused',
      ),
      by('security/graphql', 'much from little is refused before it runs:'),
    ],
    injection: 'such requests',
  },
  {
    number: 114,
    fault: 'Limits that subscriptions slip through',
    evidence: [
      by('http/graphql-stream', 'is checked, limited and masked exactly as at /graphql'),
      by(
        'security/graphql',
        'by a subscription, on both doors, the limits are the same (Mercurius CVE-2026-30241)',
      ),
    ],
    injection: 'the same documents on every door',
  },
  {
    number: 115,
    fault: 'A flood of subscriptions',
    evidence: [
      by(
        'http/graphql-stream',
        'carries so many operations at once and no more, and there are so many streams and no more',
      ),
      by(
        'http/stream-limits',
        'is refused at %s with the limit and its option, opens nothing, and has room when one leaves',
      ),
      by('http/stream-limits', 'leaves the others their own, up to what the server has in all'),
      by(
        'http/stream-limits',
        'is taken exactly while its stream is open, whoever opens and leaves when, at whatever door',
      ),
    ],
    injection: 'more than the limits allow, of one token and of several, on every door',
  },
  {
    number: 116,
    fault: 'Metacharacters of shells in arguments',
    evidence: [
      by('end-to-end/environment', 'are its arguments as they were written'),
      by('security/jobs', '%s, in the arguments'),
      by('supervisor/launch-script', 'passes on $(id), ;, quotes, a leading - and @file as they are'),
    ],
    injection: 'any text',
  },
  {
    number: 117,
    fault: 'Dangerous variables of the environment',
    evidence: [
      by(
        'end-to-end/environment',
        'is the environment PATH, HOME, LANG and the cookie, and nothing of the server’s',
      ),
      by(
        'security/jobs',
        'what changes how a program is loaded, found or bounded needs a token that may start any command:',
      ),
      by(
        'security/jobs',
        'the variables by which the server itself was loaded are passed on to no job, and to nothing that stands around one',
      ),
      by('end-to-end/run-as', 'give nothing of their request to a program before it is theirs'),
    ],
    injection: 'changes of each kind by a token without `exec`; a server with LD_PRELOAD and NODE_OPTIONS',
  },
  {
    number: 118,
    fault: 'Secrets in logs, errors, process lists',
    evidence: [
      by(
        'end-to-end/environment',
        'is kept out of the server’s log and of the command lines that others can see',
      ),
      by('security/canary', 'are in no field of the schema, asked for one and all'),
      by(
        'security/canary',
        'are in nothing that the server wrote: its log, its database, the directories of jobs',
      ),
      by(
        'end-to-end/secrets',
        'reaches the program, and nobody else: not an answer, not a file but the log itself, not a command line',
      ),
      by('end-to-end/secrets', 'are in no door’s answer, however they are cut'),
      by(
        'logs/log-mask',
        'is to every reader the mask of the whole, however it was written, cut, flushed and read',
      ),
    ],
    injection:
      'a canary; a program that prints its secrets in parts; a key that is missing, another one, or open to others',
  },
  {
    number: 119,
    fault: 'A path in a job’s id',
    evidence: [
      by('end-to-end/every-reader', 'of a job %s that does not exist gets one coded error and an end'),
      by('security/paths', 'another writing of a path is another path, and no way past the gate:'),
      by('security/paths', 'a path in the place of a job’s id leads nowhere (Nomad CVE-2026-7474):'),
    ],
    injection: 'what is no id, and paths in every encoding',
  },
  {
    number: 120,
    fault: 'A log that attacks its reader',
    evidence: [
      by('cli/terminal', 'changes nothing but text and colour (%s)'),
      by('cli/harmless-text', 'has no control but newline, tab and colour, whatever comes'),
      by('http/log-download', 'gives the bytes exactly as they were written, also what is no text'),
      by('security/jobs', 'a log attacks nobody who reads it (CWE-79, CWE-150):'),
      by('browser/console', 'shows a log that attacks its viewer as text, and colours as colours'),
    ],
    injection: 'escapes, titles, links, bidirectional text',
  },
  {
    number: 121,
    fault: 'Forged lines in the server’s log, or in the audit log',
    injection:
      'ids and names with line ends, escapes and right-to-left marks; UPDATE, DELETE and REPLACE on the table',
    evidence: [
      by('http/audit', 'gets nothing that it wrote into an entry: no line end, escape, id or path'),
      by('storage/audit-store', 'keeps its rows as they are, whoever writes to the database'),
    ],
  },
  {
    number: 122,
    fault: 'A data directory that others can read',
    evidence: [
      by(
        'end-to-end/starting',
        'keeps everything that it writes to its user alone, whatever the umask, and keeps its token',
      ),
      by(
        'end-to-end/starting',
        'takes from others what they had in a data directory of before, its socket included',
      ),
      by('http/unix-socket', 'is for its user alone, whatever the umask, and answers as on a port'),
    ],
    injection: 'umask 000; a directory of mode 777 with everything in it',
  },
  {
    number: 123,
    fault: 'A job reads the server’s own files',
    evidence: [
      by('end-to-end/run-as', 'cannot read, write or list anything of the server, nor end it'),
      by('end-to-end/run-as', 'have its user, its groups, no capability, and its home in their environment'),
    ],
    injection: 'a job that tries to, under `--run-as nobody`',
    open: 'without `--run-as`, or where the server is not root, a job is the server’s user; the server says so where that is root',
  },
  {
    number: 124,
    fault: 'Errors that tell too much',
    evidence: [
      by('http/graphql', 'that are faults are masked, whatever NODE_ENV says, and logged under the same id'),
      by('http/throwing-source', 'logs the fault with the correlation id that the reader at %s gets'),
    ],
    injection: 'faults with a path in them',
  },
  {
    number: 125,
    fault: '100 jobs, 10,000 lines a second each, 100 readers',
    later: 'measured by the benchmark (docs/performance.md), which has no such load yet',
  },
  {
    number: 126,
    fault: 'A query over a very long history',
    later: 'measured with 100,000 jobs (`npm run bench:history`); no history of a million rows in a test yet',
  },
  {
    number: 127,
    fault: 'Documents that fill the caches',
    evidence: [
      by(
        'security/fuzz',
        'the server outlives 2,000 requests that make no sense, runs nothing, tells nothing and keeps its memory',
      ),
    ],
    injection: 'a thousand different documents; with npm run test:fuzz, fifty thousand',
  },
  {
    number: 128,
    fault: 'A day of everything',
    evidence: [chaos('kill -9 of the server'), chaos('kill -9 around a cancel')],
    injection:
      'npm run test:chaos -- --minutes N, everything checked after every round; npm run test:soak -- --minutes N, all at once',
    open: 'no run of 24 hours yet',
  },
];
