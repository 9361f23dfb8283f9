/** graphql-yoga as it comes: its server, its createPubSub. */
import { createYoga } from 'graphql-yoga';
import { StockChannel } from './stock-schema.ts';
import { serveStock } from './stock-server.ts';

const channel = new StockChannel();
const yoga = createYoga({ schema: channel.schema, logging: false });
serveStock(channel, '/graphql', 'graphql-yoga', (request, response) => void yoga(request, response));
