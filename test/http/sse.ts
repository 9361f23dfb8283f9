import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** Reads a whole event stream, until its end or until `enough` says so; drops nothing. */
export async function readEvents(
  response: Response,
  enough: (events: readonly EventSourceMessage[]) => boolean = () => false,
): Promise<EventSourceMessage[]> {
  const events: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => void events.push(event) });
  const decoder = new TextDecoder();
  if (response.body === null) return events;
  for await (const chunk of response.body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (enough(events)) break;
  }
  return events;
}

/** The parsed data of the `next` events of a GraphQL stream. */
export function payloads(events: readonly EventSourceMessage[]): unknown[] {
  return events.filter(({ event }) => event === 'next').map(({ data }) => JSON.parse(data) as unknown);
}
