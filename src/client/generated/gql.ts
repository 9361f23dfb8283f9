/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "query ListAudit($first: Int!, $after: String, $where: AuditFilter) {\n  auditLog(first: $first, after: $after, where: $where) {\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n    edges {\n      node {\n        id\n        at\n        who\n        address\n        action\n        subject\n        result\n        count\n        token {\n          name\n        }\n      }\n    }\n  }\n}": typeof types.ListAuditDocument,
    "query ListJobs($first: Int!, $after: String, $where: JobFilter) {\n  jobs(first: $first, after: $after, where: $where) {\n    edges {\n      node {\n        ...JobFields\n        concurrencyKey\n        queue {\n          position\n          reason\n          message\n        }\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}": typeof types.ListJobsDocument,
    "query LogBounds($jobId: ID!, $before: SafeInt, $last: Int!, $streams: [LogStream!]) {\n  job(id: $jobId) {\n    log {\n      lastSeq\n      lines(before: $before, last: $last, streams: $streams) {\n        nodes {\n          seq\n        }\n        pageInfo {\n          hasPreviousPage\n        }\n      }\n    }\n  }\n}": typeof types.LogBoundsDocument,
    "mutation RerunJob($jobId: ID!, $changes: RerunJobInput) {\n  rerunJob(jobId: $jobId, changes: $changes) {\n    ...JobFields\n  }\n}": typeof types.RerunJobDocument,
    "query ShowJob($jobId: ID!) {\n  job(id: $jobId) {\n    ...JobFields\n    env {\n      name\n      value\n    }\n    timeoutMs\n    gracePeriodMs\n    onEnd\n    priority\n    concurrencyKey\n    concurrencyLimit\n    queue {\n      position\n      reason\n      message\n    }\n    requestId\n    rerunOf {\n      id\n    }\n    cancellation {\n      reason\n      requestedAt\n      requestedBy\n      gracePeriodMs\n      killedAt\n      finishedAt\n      containment\n      processes {\n        pid\n        command\n        signals\n        goneAt\n      }\n    }\n    log {\n      lastSeq\n      stdoutLines\n      stdoutBytes\n      stderrLines\n      stderrBytes\n    }\n    transitions {\n      number\n      from\n      to\n      reason\n      cause\n      at\n    }\n  }\n}": typeof types.ShowJobDocument,
    "fragment TokenFields on ApiToken {\n  name\n  scope\n  createdAt\n  createdBy\n  expiresAt\n  lastUsedAt\n  revokedAt\n}\n\nquery ListTokens {\n  tokens {\n    ...TokenFields\n  }\n}\n\nmutation CreateToken($input: CreateTokenInput!) {\n  createToken(input: $input) {\n    secret\n    token {\n      ...TokenFields\n    }\n  }\n}\n\nmutation RevokeToken($name: String!) {\n  revokeToken(name: $name) {\n    ...TokenFields\n  }\n}": typeof types.TokenFieldsFragmentDoc,
    "mutation CancelJob($jobId: ID!, $gracePeriodMs: Int) {\n  cancelJob(jobId: $jobId, gracePeriodMs: $gracePeriodMs) {\n    ...JobFields\n  }\n}": typeof types.CancelJobDocument,
    "query FindJob($jobId: ID!) {\n  job(id: $jobId) {\n    ...JobFields\n  }\n}": typeof types.FindJobDocument,
    "fragment JobFields on Job {\n  id\n  status\n  reason\n  message\n  command\n  script\n  cwd\n  labels\n  pid\n  exitCode\n  signal\n  signalInferred\n  queuedAt\n  startedAt\n  finishedAt\n  durationMs\n  attempt\n}": typeof types.JobFieldsFragmentDoc,
    "subscription JobLogs($jobId: ID!, $after: SafeInt, $streams: [LogStream!], $heartbeatMs: Int) {\n  jobLogs(\n    jobId: $jobId\n    after: $after\n    streams: $streams\n    heartbeatMs: $heartbeatMs\n  ) {\n    __typename\n    ... on LogLines {\n      jobId\n      lastSeq\n      lines {\n        seq\n        stream\n        text\n        at\n        atApproximate\n        continued\n      }\n    }\n    ... on LogGap {\n      jobId\n      fromSeq\n      toSeq\n      reason\n    }\n    ... on LogHeartbeat {\n      jobId\n      at\n      lastSeq\n    }\n    ... on LogDone {\n      lastSeq\n      endedWithoutNewline\n      job {\n        ...JobFields\n      }\n    }\n  }\n}": typeof types.JobLogsDocument,
    "mutation StartJob($input: StartJobInput!) {\n  startJob(input: $input) {\n    ...JobFields\n  }\n}": typeof types.StartJobDocument,
};
const documents: Documents = {
    "query ListAudit($first: Int!, $after: String, $where: AuditFilter) {\n  auditLog(first: $first, after: $after, where: $where) {\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n    edges {\n      node {\n        id\n        at\n        who\n        address\n        action\n        subject\n        result\n        count\n        token {\n          name\n        }\n      }\n    }\n  }\n}": types.ListAuditDocument,
    "query ListJobs($first: Int!, $after: String, $where: JobFilter) {\n  jobs(first: $first, after: $after, where: $where) {\n    edges {\n      node {\n        ...JobFields\n        concurrencyKey\n        queue {\n          position\n          reason\n          message\n        }\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}": types.ListJobsDocument,
    "query LogBounds($jobId: ID!, $before: SafeInt, $last: Int!, $streams: [LogStream!]) {\n  job(id: $jobId) {\n    log {\n      lastSeq\n      lines(before: $before, last: $last, streams: $streams) {\n        nodes {\n          seq\n        }\n        pageInfo {\n          hasPreviousPage\n        }\n      }\n    }\n  }\n}": types.LogBoundsDocument,
    "mutation RerunJob($jobId: ID!, $changes: RerunJobInput) {\n  rerunJob(jobId: $jobId, changes: $changes) {\n    ...JobFields\n  }\n}": types.RerunJobDocument,
    "query ShowJob($jobId: ID!) {\n  job(id: $jobId) {\n    ...JobFields\n    env {\n      name\n      value\n    }\n    timeoutMs\n    gracePeriodMs\n    onEnd\n    priority\n    concurrencyKey\n    concurrencyLimit\n    queue {\n      position\n      reason\n      message\n    }\n    requestId\n    rerunOf {\n      id\n    }\n    cancellation {\n      reason\n      requestedAt\n      requestedBy\n      gracePeriodMs\n      killedAt\n      finishedAt\n      containment\n      processes {\n        pid\n        command\n        signals\n        goneAt\n      }\n    }\n    log {\n      lastSeq\n      stdoutLines\n      stdoutBytes\n      stderrLines\n      stderrBytes\n    }\n    transitions {\n      number\n      from\n      to\n      reason\n      cause\n      at\n    }\n  }\n}": types.ShowJobDocument,
    "fragment TokenFields on ApiToken {\n  name\n  scope\n  createdAt\n  createdBy\n  expiresAt\n  lastUsedAt\n  revokedAt\n}\n\nquery ListTokens {\n  tokens {\n    ...TokenFields\n  }\n}\n\nmutation CreateToken($input: CreateTokenInput!) {\n  createToken(input: $input) {\n    secret\n    token {\n      ...TokenFields\n    }\n  }\n}\n\nmutation RevokeToken($name: String!) {\n  revokeToken(name: $name) {\n    ...TokenFields\n  }\n}": types.TokenFieldsFragmentDoc,
    "mutation CancelJob($jobId: ID!, $gracePeriodMs: Int) {\n  cancelJob(jobId: $jobId, gracePeriodMs: $gracePeriodMs) {\n    ...JobFields\n  }\n}": types.CancelJobDocument,
    "query FindJob($jobId: ID!) {\n  job(id: $jobId) {\n    ...JobFields\n  }\n}": types.FindJobDocument,
    "fragment JobFields on Job {\n  id\n  status\n  reason\n  message\n  command\n  script\n  cwd\n  labels\n  pid\n  exitCode\n  signal\n  signalInferred\n  queuedAt\n  startedAt\n  finishedAt\n  durationMs\n  attempt\n}": types.JobFieldsFragmentDoc,
    "subscription JobLogs($jobId: ID!, $after: SafeInt, $streams: [LogStream!], $heartbeatMs: Int) {\n  jobLogs(\n    jobId: $jobId\n    after: $after\n    streams: $streams\n    heartbeatMs: $heartbeatMs\n  ) {\n    __typename\n    ... on LogLines {\n      jobId\n      lastSeq\n      lines {\n        seq\n        stream\n        text\n        at\n        atApproximate\n        continued\n      }\n    }\n    ... on LogGap {\n      jobId\n      fromSeq\n      toSeq\n      reason\n    }\n    ... on LogHeartbeat {\n      jobId\n      at\n      lastSeq\n    }\n    ... on LogDone {\n      lastSeq\n      endedWithoutNewline\n      job {\n        ...JobFields\n      }\n    }\n  }\n}": types.JobLogsDocument,
    "mutation StartJob($input: StartJobInput!) {\n  startJob(input: $input) {\n    ...JobFields\n  }\n}": types.StartJobDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ListAudit($first: Int!, $after: String, $where: AuditFilter) {\n  auditLog(first: $first, after: $after, where: $where) {\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n    edges {\n      node {\n        id\n        at\n        who\n        address\n        action\n        subject\n        result\n        count\n        token {\n          name\n        }\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').ListAuditDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ListJobs($first: Int!, $after: String, $where: JobFilter) {\n  jobs(first: $first, after: $after, where: $where) {\n    edges {\n      node {\n        ...JobFields\n        concurrencyKey\n        queue {\n          position\n          reason\n          message\n        }\n      }\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}"): typeof import('./graphql.ts').ListJobsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query LogBounds($jobId: ID!, $before: SafeInt, $last: Int!, $streams: [LogStream!]) {\n  job(id: $jobId) {\n    log {\n      lastSeq\n      lines(before: $before, last: $last, streams: $streams) {\n        nodes {\n          seq\n        }\n        pageInfo {\n          hasPreviousPage\n        }\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').LogBoundsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation RerunJob($jobId: ID!, $changes: RerunJobInput) {\n  rerunJob(jobId: $jobId, changes: $changes) {\n    ...JobFields\n  }\n}"): typeof import('./graphql.ts').RerunJobDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ShowJob($jobId: ID!) {\n  job(id: $jobId) {\n    ...JobFields\n    env {\n      name\n      value\n    }\n    timeoutMs\n    gracePeriodMs\n    onEnd\n    priority\n    concurrencyKey\n    concurrencyLimit\n    queue {\n      position\n      reason\n      message\n    }\n    requestId\n    rerunOf {\n      id\n    }\n    cancellation {\n      reason\n      requestedAt\n      requestedBy\n      gracePeriodMs\n      killedAt\n      finishedAt\n      containment\n      processes {\n        pid\n        command\n        signals\n        goneAt\n      }\n    }\n    log {\n      lastSeq\n      stdoutLines\n      stdoutBytes\n      stderrLines\n      stderrBytes\n    }\n    transitions {\n      number\n      from\n      to\n      reason\n      cause\n      at\n    }\n  }\n}"): typeof import('./graphql.ts').ShowJobDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "fragment TokenFields on ApiToken {\n  name\n  scope\n  createdAt\n  createdBy\n  expiresAt\n  lastUsedAt\n  revokedAt\n}\n\nquery ListTokens {\n  tokens {\n    ...TokenFields\n  }\n}\n\nmutation CreateToken($input: CreateTokenInput!) {\n  createToken(input: $input) {\n    secret\n    token {\n      ...TokenFields\n    }\n  }\n}\n\nmutation RevokeToken($name: String!) {\n  revokeToken(name: $name) {\n    ...TokenFields\n  }\n}"): typeof import('./graphql.ts').TokenFieldsFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation CancelJob($jobId: ID!, $gracePeriodMs: Int) {\n  cancelJob(jobId: $jobId, gracePeriodMs: $gracePeriodMs) {\n    ...JobFields\n  }\n}"): typeof import('./graphql.ts').CancelJobDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query FindJob($jobId: ID!) {\n  job(id: $jobId) {\n    ...JobFields\n  }\n}"): typeof import('./graphql.ts').FindJobDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "fragment JobFields on Job {\n  id\n  status\n  reason\n  message\n  command\n  script\n  cwd\n  labels\n  pid\n  exitCode\n  signal\n  signalInferred\n  queuedAt\n  startedAt\n  finishedAt\n  durationMs\n  attempt\n}"): typeof import('./graphql.ts').JobFieldsFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription JobLogs($jobId: ID!, $after: SafeInt, $streams: [LogStream!], $heartbeatMs: Int) {\n  jobLogs(\n    jobId: $jobId\n    after: $after\n    streams: $streams\n    heartbeatMs: $heartbeatMs\n  ) {\n    __typename\n    ... on LogLines {\n      jobId\n      lastSeq\n      lines {\n        seq\n        stream\n        text\n        at\n        atApproximate\n        continued\n      }\n    }\n    ... on LogGap {\n      jobId\n      fromSeq\n      toSeq\n      reason\n    }\n    ... on LogHeartbeat {\n      jobId\n      at\n      lastSeq\n    }\n    ... on LogDone {\n      lastSeq\n      endedWithoutNewline\n      job {\n        ...JobFields\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').JobLogsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation StartJob($input: StartJobInput!) {\n  startJob(input: $input) {\n    ...JobFields\n  }\n}"): typeof import('./graphql.ts').StartJobDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
