import { explorerPlugin } from '@graphiql/plugin-explorer';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createRoot } from 'react-dom/client';
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './graphiql.css';
import { createFetcher } from './create-fetcher.ts';
import { exampleTabs } from './example-tabs.ts';
import { findNextJobId } from './next-job-id.ts';

const fetcher = createFetcher('/graphql');
const place = document.getElementById('graphiql');
if (place === null) throw new Error('the page has no place for GraphiQL');

// Tabs that were opened before win over these: GraphiQL keeps them in the browser.
const tabs = exampleTabs(await findNextJobId(fetcher));
createRoot(place).render(
  <GraphiQL
    fetcher={fetcher}
    defaultTabs={tabs}
    plugins={[HISTORY_PLUGIN, explorerPlugin({ showAttribution: false })]}
  >
    <GraphiQL.Logo>
      <a href="/" className="graphiql-logo-link">
        Lifeline
      </a>
    </GraphiQL.Logo>
  </GraphiQL>,
);
