import type { GraphiQLProps } from 'graphiql';

/**
 * The first tabs of a new browser: each works at once, from left to right. Values stand in the documents, not in
 * variables: GraphiQL 5.4 does not fill the variables editor of the tab that it opens first.
 */
export function exampleTabs(nextJobId: number): NonNullable<GraphiQLProps['defaultTabs']> {
  return [START_JOB, followJob(nextJobId), cancelJob(nextJobId), LIST_JOBS].map((query) => ({ query }));
}

const START_JOB = `# Starts a real process: press play, then go
# to the next tab, which follows it.
mutation StartJob {
  startJob(
    input: {
      script: "for i in $(seq 1 30); do echo line $i; sleep 1; done"
      labels: ["example"]
    }
  ) {
    id
    status
    pid
  }
}
`;

function followJob(jobId: number): string {
  return `# Replays the log from its first line, goes on
# live, and ends with LogDone.
subscription FollowJob {
  jobLogs(jobId: ${String(jobId)}) {
    __typename
    ... on LogLines {
      lastSeq
      lines {
        seq
        stream
        text
      }
    }
    ... on LogGap {
      fromSeq
      toSeq
      reason
    }
    ... on LogDone {
      lastSeq
      job {
        id
        status
        exitCode
        signal
        durationMs
      }
    }
  }
}
`;
}

function cancelJob(jobId: number): string {
  return `# The polite signal to all its processes, two
# seconds of grace, then SIGKILL.
mutation CancelJob {
  cancelJob(jobId: ${String(jobId)}, gracePeriodMs: 2000) {
    id
    status
    cancellation {
      reason
      requestedAt
    }
  }
}
`;
}

const LIST_JOBS = `# The newest jobs first.
query ListJobs {
  jobs(first: 10) {
    edges {
      node {
        id
        status
        command
        exitCode
        queuedAt
        durationMs
        log {
          lastSeq
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;
