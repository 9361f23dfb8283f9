/** graphql-sse's own handler for Node's server, over the same channel as Yoga's. */
import { createHandler } from 'graphql-sse/lib/use/http';
import { StockChannel } from './stock-schema.ts';
import { serveStock } from './stock-server.ts';

const channel = new StockChannel();
const handler = createHandler({ schema: channel.schema });
serveStock(channel, '/', 'graphql-sse', (request, response) => void handler(request, response));
