import type { Scope } from '../../src/domain/scope.ts';

export interface RootField {
  /** What the request needs. */
  readonly needs: Scope;
  readonly request: string;
  /** The least that any request of it needs, where this one needs more: who has that is shown the field. */
  readonly shownTo?: Scope;
}

/** What each root field needs, and a request of it that is well formed. One that is not in this list fails a test. */
export const ROOT_FIELDS: Readonly<Record<string, RootField>> = {
  job: { needs: 'read', request: '{ job(id: 1) { id } }' },
  jobs: { needs: 'read', request: '{ jobs { edges { node { id } } } }' },
  server: { needs: 'read', request: '{ server { version } }' },
  viewer: { needs: 'read', request: '{ viewer { scope } }' },
  tokens: { needs: 'admin', request: '{ tokens { name } }' },
  auditLog: { needs: 'admin', request: '{ auditLog { edges { node { id } } } }' },
  startJob: {
    needs: 'exec',
    request: 'mutation { startJob(input: {command: ["true"]}) { id } }',
    shownTo: 'run',
  },
  cancelJob: { needs: 'run', request: 'mutation { cancelJob(jobId: 1) { id } }' },
  signalJob: { needs: 'run', request: 'mutation { signalJob(jobId: 1, signal: SIGUSR1) { id } }' },
  rerunJob: { needs: 'run', request: 'mutation { rerunJob(jobId: 1) { id } }' },
  setJobPinned: { needs: 'run', request: 'mutation { setJobPinned(jobId: 1, pinned: true) { id } }' },
  deleteJob: { needs: 'exec', request: 'mutation { deleteJob(jobId: 1) }' },
  createToken: {
    needs: 'admin',
    request: 'mutation { createToken(input: {name: "", scope: READ}) { secret } }',
  },
  revokeToken: { needs: 'admin', request: 'mutation { revokeToken(name: "nobody") { name } }' },
  service: { needs: 'read', request: '{ service(name: "nothing") { name } }' },
  services: { needs: 'read', request: '{ services { name } }' },
  saveService: {
    needs: 'exec',
    request: 'mutation { saveService(input: {name: "", command: ["true"]}) { name } }',
  },
  deleteService: { needs: 'exec', request: 'mutation { deleteService(name: "nothing") }' },
  startService: { needs: 'run', request: 'mutation { startService(name: "nothing") { name } }' },
  stopService: { needs: 'run', request: 'mutation { stopService(name: "nothing") { name } }' },
  restartService: { needs: 'run', request: 'mutation { restartService(name: "nothing") { name } }' },
  startServices: { needs: 'run', request: 'mutation { startServices(where: {names: []}) { name } }' },
  stopServices: { needs: 'run', request: 'mutation { stopServices(where: {names: []}) { name } }' },
  servicesChanged: { needs: 'read', request: 'subscription { servicesChanged { __typename } }' },
  serviceLogs: { needs: 'read', request: 'subscription { serviceLogs(name: "nothing") { __typename } }' },
  jobLogs: { needs: 'read', request: 'subscription { jobLogs(jobId: 9999) { __typename } }' },
  jobChanged: { needs: 'read', request: 'subscription { jobChanged(jobId: 9999) { id } }' },
  jobsChanged: { needs: 'read', request: 'subscription { jobsChanged { __typename } }' },
};
