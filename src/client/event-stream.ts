/** One event of a stream of server-sent events. */
export interface ServerSentEvent {
  /** `message` where it was not named. */
  readonly event: string;
  readonly data: string;
}

const FIELD = /^([^:]*)(?:: ?(.*))?$/s;

/**
 * Reads server-sent events (WHATWG HTML, 9.2.6) as the bytes come, wherever they are cut. Comments and fields other than
 * `event` and `data` are passed over; an event that the end of the bytes cuts off is dropped.
 * Memory: one chunk and one event. Nothing is taken from `chunks` before the events of the last one are.
 */
export async function* readEvents(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent, undefined> {
  let event = '';
  let data: string[] = [];
  for await (const line of readLines(chunks)) {
    if (line === '') {
      if (data.length > 0) yield { event: event === '' ? 'message' : event, data: data.join('\n') };
      event = '';
      data = [];
      continue;
    }
    const [, field, value = ''] = FIELD.exec(line) ?? [];
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
  }
}

/** Lines without their ends, which are CRLF, LF or CR. What follows the last one is dropped. */
async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  // In pieces: of a line of megabytes, each chunk would copy all that came before.
  let begun: string[] = [];
  let endedWithReturn = false;
  for await (const chunk of chunks) {
    let text = decoder.decode(chunk, { stream: true });
    if (text === '') continue;
    if (endedWithReturn && text.startsWith('\n')) text = text.slice(1);
    endedWithReturn = text === '' ? false : text.endsWith('\r');
    const [first = '', ...others] = text.split(/\r\n|\n|\r/);
    begun.push(first);
    for (const line of others) {
      yield begun.join('');
      begun = [line];
    }
  }
}
