import { CSPProvider } from '@base-ui/react/csp-provider';
import { createRoot } from 'react-dom/client';
import { Route, Switch } from 'wouter';
import './styles/base.css';
import './styles/controls.css';
import './styles/pages.css';
import './styles/services.css';
import './styles/log.css';
import { ConnectionProvider } from './connection/connection-context.tsx';
import { EventStreams } from './connection/event-streams.ts';
import { JobPage } from './job/job-page.tsx';
import { JobsPage } from './jobs/jobs-page.tsx';
import { ServerPage } from './server/server-page.tsx';
import { ServicesPage } from './services/services-page.tsx';
import { Shell } from './ui/shell.tsx';

const place = document.getElementById('app');
if (place === null) throw new Error('the page has no place for the console');

createRoot(place).render(
  // The policy of the pages allows no style elements.
  <CSPProvider disableStyleElements>
    <ConnectionProvider streams={new EventStreams()}>
      <Shell>
        <Switch>
          <Route path="/">
            <JobsPage />
          </Route>
          <Route path="/jobs/:id">{({ id }) => <JobPage key={id} jobId={id} />}</Route>
          <Route path="/services">
            <ServicesPage />
          </Route>
          <Route path="/server">
            <ServerPage />
          </Route>
        </Switch>
      </Shell>
    </ConnectionProvider>
  </CSPProvider>,
);
