import { by, chaos, type Fault } from './fault.ts';

const DISCONNECT = 'http/disconnect';
const LEAVING = 'end-to-end/leaving-readers';

/** Bus and subscription, HTTP and SSE: 54 to 82. */
export const READER_FAULTS: readonly Fault[] = [
  {
    number: 54,
    fault: 'A subscribe resolver throws after it has acquired',
    evidence: [
      by('http/throwing-source', 'gives one coded error and complete, for unknown jobs and for faults'),
      by('logs/follow', 'is an error where a source fails, and releases everything'),
    ],
    injection: 'a source that throws',
  },
  {
    number: 55,
    fault: 'A client leaves while the resolver awaits',
    evidence: [
      by(LEAVING, 'that leave at any moment, also while the resolver awaits, leave nothing'),
      by(DISCONNECT, 'are released when they leave before the first byte, and while their job is looked up'),
    ],
    injection: '200 readers a door that leave at random times',
  },
  {
    number: 56,
    fault: 'return() while next() waits',
    evidence: [
      by(DISCONNECT, 'are released within 100 ms after %s'),
      by('http/payload-source', 'is released at once by %s while next() waits'),
    ],
    injection: 'readers of a silent job that leave',
  },
  {
    number: 57,
    fault: 'return() before the first next()',
    evidence: [
      by('http/payload-source', 'is released by return() before the first next(), which then pulls nothing'),
      by(LEAVING, 'that leave before the first byte of the answer leave nothing'),
    ],
    injection: 'readers that leave before the first byte',
  },
  {
    number: 58,
    fault: 'return() several times',
    evidence: [
      by('http/payload-source', 'takes return() three times, before and after abort, and releases once'),
    ],
    injection: 'calls',
  },
  {
    number: 59,
    fault: 'return() rejects',
    evidence: [by('logs/follow', 'may happen any number of times, and never rejects')],
    injection: 'calls in any order',
  },
  {
    number: 60,
    fault: 'return() gives no promise',
    evidence: [
      by(
        'http/perform-operation',
        'lets the source go when no more is wanted, and does not mind how it takes that',
      ),
    ],
    injection: 'sources of all kinds',
  },
  {
    number: 61,
    fault: 'The executor throws in the middle of a job',
    evidence: [by('supervisor/supervisor', '%s releases both maps, ends its readers, and has an outcome')],
    injection: 'a launcher that throws',
  },
  {
    number: 62,
    fault: 'A line comes between history and live',
    evidence: [
      by(
        'logs/follow',
        'delivers each line exactly once and one end, for any interleaving of writing, attaching and closing',
      ),
      chaos('kill -9 of the server'),
    ],
    injection: 'any interleaving',
  },
  {
    number: 63,
    fault: 'A source throws in the middle of a stream',
    evidence: [
      by('http/throwing-source', 'gives a reader at %s one masked error and complete, and the server lives'),
    ],
    injection: 'a source that throws, on every door',
  },
  {
    number: 64,
    fault: 'A finished job, or none',
    evidence: [
      by('end-to-end/every-reader', 'of a job %s that does not exist gets one coded error and an end'),
      by('logs/follow', 'is the same for a job that ended long ago'),
    ],
    injection: 'such subscriptions',
  },
  {
    number: 65,
    fault: 'A job ends with no reader, and with many',
    evidence: [
      by(
        'end-to-end/every-reader',
        'that is one of many gets exactly one end, and a job without any ends just as well',
      ),
    ],
    injection: 'both',
  },
  {
    number: 66,
    fault: 'One reader’s own code throws',
    evidence: [by('logs/log-event-bus', 'is not harmed by another one whose reader throws when it is woken')],
    injection: 'a reader that throws',
  },
  {
    number: 67,
    fault: 'A storm of subscriptions',
    evidence: [
      by(LEAVING, 'leaves neither descriptors nor memory behind'),
      by('logs/log-event-bus', 'comes and goes ten thousand times without a trace'),
    ],
    injection: 'thousands that come and go',
  },
  {
    number: 68,
    fault: 'A client never reads',
    evidence: [
      by(
        'end-to-end/stopping',
        'costs the server little, delays nobody, and gets everything when it reads again',
      ),
      by(DISCONNECT, 'that never read cost the others nothing, and go'),
    ],
    injection: 'a paused socket',
  },
  {
    number: 69,
    fault: 'A client is stopped for long',
    evidence: [
      by(
        'end-to-end/stopping',
        'because it is stopped holds up neither the job nor the others, and goes on when it is woken',
      ),
      by('http/stream-bounds', 'is cut, and one whose client reads slowly, or has nothing to take, is not'),
    ],
    injection: 'SIGSTOP of the client; one that reads nothing, over HTTP/1.1 and HTTP/2, beside a slow one',
  },
  {
    number: 70,
    fault: 'A peer vanishes without a word',
    evidence: [
      by('http/stream-bounds', 'is cut at %s, without an end'),
      by('http/stream-bounds', 'is resumed by the client: it gets each line once, and the end'),
    ],
    injection: 'streams of a short greatest age',
    open: 'no test takes a network interface away',
  },
  {
    number: 71,
    fault: 'A client closes its side only',
    evidence: [by(LEAVING, 'that close only their side are released at once')],
    injection: 'FIN',
  },
  {
    number: 72,
    fault: 'The server is restarted in the middle of a stream',
    evidence: [
      chaos('kill -9 of the server'),
      by('end-to-end/restart', 'by %s goes on, and its reader resumes without a gap'),
    ],
    injection: 'SIGTERM and SIGKILL',
  },
  {
    number: 73,
    fault: 'A stream ends right after an event',
    evidence: [by('client/follow-job-logs', 'takes a stream that completes without LogDone for interrupted')],
    injection: 'a server that ends early',
  },
  {
    number: 74,
    fault: 'A client that asks again from the beginning',
    evidence: [
      by(
        'client/follow-job-logs',
        'resumes behind the last seq that it passed, filtered lines and heartbeats included',
      ),
      by('clients/hostile-network', 'sees each line of a running job once, and its end (seed ${seed})'),
    ],
    injection: 'connections that are cut at random',
  },
  {
    number: 75,
    fault: 'An error at the subscription, on every door',
    evidence: [
      by('http/throwing-source', 'gives a reader at %s the code of a known error, and logs nothing'),
      by('http/throwing-source', 'gives one coded error and complete, for unknown jobs and for faults'),
    ],
    injection: 'resolvers that throw',
  },
  {
    number: 76,
    fault: 'A proxy that buffers or compresses',
    evidence: [
      by('clients/hostile-network', 'that buffers as nginx does sees lines as they come'),
      by('http/graphql', 'gives a subscription as an event stream with headers that no proxy holds back'),
    ],
    injection: 'a proxy of the tests',
  },
  {
    number: 77,
    fault: 'Six connections an origin',
    evidence: [
      by('clients/programs', 'in single connection mode gives seven jobs over one connection'),
      by('http/tls', 'answers queries, mutations, subscriptions and downloads over one connection at once'),
      by(
        'browser/shared-stream',
        'follow seven jobs over one stream, each its own, and questions are answered at once',
      ),
    ],
    injection: 'seven jobs over one connection; seven windows of the console; HTTP/2',
  },
  {
    number: 78,
    fault: 'A stop with open streams',
    evidence: [
      by(
        'end-to-end/stopping',
        'with 20 open streams cuts all of them in time, without complete, and leaves the job alone',
      ),
    ],
    injection: 'SIGTERM',
  },
  {
    number: 79,
    fault: 'A second signal',
    evidence: [by('end-to-end/stopping', 'by a second signal ends at once, and leaves the job alone')],
    injection: 'SIGTERM twice',
  },
  {
    number: 80,
    fault: 'A malformed Host, or variables that are none',
    evidence: [by('http/gate', 'refuses %s with 400'), by('http/gate', 'answers a body with %s with 400')],
    injection: 'such requests',
  },
  {
    number: 81,
    fault: 'Bodies that are too large, chunked, or slow',
    evidence: [
      by('http/gate', 'refuses %s body of more than 256 KiB with 413'),
      by('http/gate', 'are answered 408 and cut while they still send their %s'),
    ],
    injection: 'such requests',
  },
  {
    number: 82,
    fault: 'Any path that ends like the health check',
    evidence: [by('end-to-end/refusals', 'only /healthz answers, at exactly that path')],
    injection: 'such requests',
  },
];
