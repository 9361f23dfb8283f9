/**
 * One process with many readers of one stream of batches: `node --import tsx bench/sse-reader.ts`, told what to do by
 * one JSON message of its parent. It drops nothing and repairs nothing: every event must go on exactly where the one
 * before ended, and have as many lines as it says.
 */
import { request } from 'node:http';

/** What the parent sends. */
export interface ReadOrder {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly readers: number;
  readonly expectedLines: number;
}

/** What is sent back: once all are attached, and once all have ended. */
export type ReadReport =
  | { readonly kind: 'attached' }
  | {
      readonly kind: 'done';
      readonly firstByteAtMs: number;
      readonly lastByteAtMs: number;
      readonly faults: readonly string[];
    };

const LINE = '{"seq":';

process.once('message', (order: ReadOrder) => {
  void readAll(order).then(send);
});

async function readAll(order: ReadOrder): Promise<ReadReport> {
  const faults: string[] = [];
  let firstByteAtMs = Number.POSITIVE_INFINITY;
  let attached = 0;
  const readOne = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const call = request(
        order.url,
        { method: 'POST', headers: order.headers, agent: false },
        (response) => {
          if (++attached === order.readers) send({ kind: 'attached' });
          let rest = '';
          let lastSeq = 0;
          response.setEncoding('latin1');
          response.on('data', (chunk: string) => {
            const events = (rest + chunk).split('\n\n');
            rest = events.pop() ?? '';
            for (const event of events) {
              const seq = /"lastSeq":(\d+)/.exec(event.slice(0, 200))?.[1];
              if (seq === undefined) continue;
              firstByteAtMs = Math.min(firstByteAtMs, now());
              const lines = occurrences(event);
              if (lines > 0 && Number(seq) !== lastSeq + lines)
                faults.push(`${String(lines)} lines between ${String(lastSeq)} and ${seq}`);
              lastSeq = Number(seq);
            }
          });
          response.on('end', () => {
            if (lastSeq !== order.expectedLines)
              faults.push(
                `ended at ${String(lastSeq)} (status ${String(response.statusCode)}) with: ${rest.slice(-300)}`,
              );
            resolve();
          });
          response.on('error', reject);
        },
      );
      call.on('error', reject);
      call.end(order.body);
    });
  await Promise.all(Array.from({ length: order.readers }, readOne));
  return { kind: 'done', firstByteAtMs, lastByteAtMs: now(), faults };
}

function occurrences(event: string): number {
  let count = 0;
  for (let at = event.indexOf(LINE); at !== -1; at = event.indexOf(LINE, at + LINE.length)) count += 1;
  return count;
}

/** On the clock that all processes share. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function send(report: ReadReport): void {
  process.send?.(report);
}
