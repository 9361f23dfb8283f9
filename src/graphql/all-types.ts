/** All types, told to the builder: each by its own file, the roots here. Apart from schema.ts, so that a start has a pause between. */
import { builder } from './builder.ts';
import './types/scalars.ts';
import './types/job.ts';
import './types/job-transition.ts';
import './types/cancellation.ts';
import './types/job-log-event.ts';
import './types/log-search.ts';
import './types/job-change.ts';
import './types/job-mutations.ts';
import './types/service.ts';
import './types/service-mutations.ts';
import './types/service-change.ts';
import './types/service-log-event.ts';
import './types/scheduled-run.ts';
import './types/server.ts';
import './types/api-token.ts';
import './types/audit-entry.ts';
import './types/audit-trim.ts';

builder.queryType({ description: 'What can be asked.' });
builder.mutationType({ description: 'What can be done. One field a request.' });
builder.subscriptionType({ description: 'What can be watched, as server-sent events. One field a request.' });
