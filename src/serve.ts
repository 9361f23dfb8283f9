import { homedir } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pino, type Logger } from 'pino';
import { applyServices, readServices } from './apply-services.ts';
import { checkExposure } from './check-exposure.ts';
import type { Config, RetentionConfig } from './config.ts';
import { bytesOf } from './domain/byte-size.ts';
import type { PassCheckpoint } from './domain/checkpoint.ts';
import type { JobId } from './domain/job-id.ts';
import type { RetentionRules } from './domain/retention.ts';
import { keepHeapClose } from './heap-growth.ts';
import { LoopDelayWatch } from './loop-delay.ts';
import type { ServerLimits } from './graphql/services.ts';
import { createStreamPlaces } from './graphql/stream-places.ts';
import { createHttpServer, NotLoopbackError, type LifelineHttpServer } from './http/server.ts';
import { systemClock } from './supervisor/system-clock.ts';
import type { ServiceLog } from './supervisor/services/service-log.ts';
import { ServiceSupervisor } from './supervisor/services/service-supervisor.ts';
import { watchRun } from './supervisor/services/watch-run.ts';
import { CoalescedRead } from './storage/coalesced-read.ts';
import { RetryStore } from './storage/retry-store.ts';
import { ScheduledRunStore } from './storage/scheduled-run-store.ts';
import { openServices } from './storage/open-services.ts';
import { ApiTokens } from './http/api-tokens.ts';
import { AuditLog } from './http/audit-log.ts';
import { SocketPathError } from './http/unix-socket.ts';
import { follow, type FollowSources } from './logs/follow.ts';
import { JobLogReader } from './logs/job-log-reader.ts';
import { LogSearches } from './logs/search/log-searches.ts';
import { LogFiles } from './logs/log-files.ts';
import { StoredLogMasks } from './logs/log-masks.ts';
import { LogEventBus } from './logs/log-event-bus.ts';
import { LoopShare } from './logs/loop-share.ts';
import { warnOfExposure } from './exposure.ts';
import { findEndingUnit } from './own-unit.ts';
import { leaveServerPointer } from './server-pointer.ts';
import { allocatedBytes } from './storage/allocated-bytes.ts';
import { DataDirectory } from './storage/data-directory.ts';
import { Database } from './storage/database.ts';
import { writeDirectoryFormat } from './storage/directory-format.ts';
import { InstanceLease } from './storage/instance-lease.ts';
import { JobStore } from './storage/job-store.ts';
import { ApiTokenStore } from './storage/api-token-store.ts';
import { AuditStore } from './storage/audit-store.ts';
import { RetentionStore } from './storage/retention-store.ts';
import { beginRebuildIfLost, rebuildIsDone } from './storage/rebuild-mark.ts';
import { SecretKeys } from './storage/secret-keys.ts';
import { SessionStore } from './storage/session-store.ts';
import { StartupError } from './storage/startup-error.ts';
import { readOrMakeToken } from './storage/token-file.ts';
import { fingerprintOf, readTlsIdentity } from './tls-identity.ts';
import { StopDeadline } from './stop-deadline.ts';
import { closeStrayDescriptors } from './stray-descriptors.ts';
import { Containment } from './supervisor/containment.ts';
import { Fallocate } from './supervisor/fallocate.ts';
import { defaultEnvironment } from './supervisor/job-environment.ts';
import { DiskGuard } from './supervisor/disk-guard.ts';
import { findJobUser } from './supervisor/job-user.ts';
import { rebuildOf } from './supervisor/lost-database.ts';
import { findLaunchTools } from './supervisor/launch-tools.ts';
import { ShimLauncher } from './supervisor/launcher.ts';
import { readHostIdentity } from './supervisor/process-table.ts';
import { Retention, type RetentionLog } from './supervisor/retention.ts';
import { StartLimits } from './supervisor/start-limits.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import type { SupervisorLog } from './supervisor/supervisor-log.ts';
import { ZombieCount } from './zombie-count.ts';

/** How long open streams and requests may take to go away once their sockets are being closed. */
const HTTP_CLOSE_LIMIT_MS = 2_000;
/** How long a stop may take in all, beside the grace periods of jobs that it ends. */
const STOP_LIMIT_MS = 4_800;

/** What whoever composes the server may supply beside the configuration. The command supplies nothing. */
export interface ServePorts {
  readonly pass?: PassCheckpoint;
}

/**
 * Builds the server in order, serves until SIGTERM, SIGINT or SIGHUP, and releases in reverse: streams first, then the
 * jobs, then the database, then the lease. A second signal exits at once, and so does the first one where the release takes
 * too long; jobs are not touched.
 * @throws StartupError, ConfigError
 */
export async function serve(config: Config, version: string, ports: ServePorts = {}): Promise<void> {
  if (process.platform !== 'linux')
    throw new StartupError('Lifeline runs on Linux only for now: it relies on /proc.');
  const trustedProxies = checkExposure(config);
  const wantedServices = config.services === null ? null : readServices(config.services);
  const path = process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
  const user = config.runAs === null ? null : findJobUser(config.runAs, path);
  const startedAtMs = Date.now();
  keepHeapClose();
  const logger = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
  const closed = closeStrayDescriptors();
  if (closed.length > 0)
    logger.warn(
      { descriptors: closed },
      'closed descriptors that were left open by whoever started the server',
    );
  using zombies = warnOfBeingFirst(logger);
  process.umask(0o077);
  const tls = config.tlsFiles === null ? null : readTlsIdentity(config.tlsFiles);
  const stopRequested = awaitStopSignal(logger);
  using deadline = new StopDeadline();

  const directory = DataDirectory.prepare(config.dataDirectory);
  using _lease = InstanceLease.take(directory);
  const isRebuild = beginRebuildIfLost(directory);
  // Beside the check of the database, which holds this thread.
  const listing = directory.list();
  listing.catch(() => undefined);
  await using database = await Database.open(directory, ports.pass);
  // What SQLite answers is there at once: without turns between, all that follows would hold the event loop in one piece.
  await nextTurn();
  const token = config.token ?? readOrMakeToken(config.tokenFile);
  const auditRecords = new AuditStore(database.read, database.gate);
  await using audit = new AuditLog({ records: auditRecords, logger });
  const jobs = new JobStore(database.read, database.gate);
  const retained = new RetentionStore(database.read, database.gate);
  const services = await openServices(directory, database);
  const rebuild = isRebuild ? rebuildOf(services.restored) : null;
  if (rebuild !== null) {
    const what = 'the database was gone: it is made anew from the directories of jobs and services';
    logger.warn({ ...rebuild }, what);
  } else if (services.restored.ignored.length > 0) {
    logger.warn({ ignored: services.restored.ignored }, 'files of services were left as they are');
  }
  const secrets = new SecretKeys(directory.secretKeyPath, config.secretKey);
  if (secrets.problem !== null) logger.warn({ problem: secrets.problem }, 'the key of secrets is not used');
  const masks = new StoredLogMasks(secrets);
  const bus = new LogEventBus();
  const share = new LoopShare();
  const tools = findLaunchTools(path);
  using containment = Containment.find({
    wanted: config.containment,
    dataDirectoryPath: directory.path,
    tini: tools.tini,
  });
  const limits = limitsOf(config);
  using disk = new DiskGuard({
    path: directory.path,
    minFree: config.minFree,
    clock: systemClock,
    onChange: (isLow, state) => {
      if (isLow)
        logger.warn(state, 'the disk of the data directory is low: no job begins until there is more');
      else logger.info(state, 'the disk of the data directory has enough room again');
    },
  });
  await nextTurn();
  const supervisor = await Supervisor.open({
    dataDirectory: directory,
    jobs,
    retained,
    bus,
    share,
    puncher: new Fallocate(tools.fallocate, directory.holeProbePath),
    launcher: new ShimLauncher(tools, containment.means === 'subreaper' ? tools.tini : null, user),
    containment,
    host: readHostIdentity(),
    environment: defaultEnvironment(path, process.env['LANG'] ?? 'C.UTF-8', homedir(), user),
    secrets,
    masks,
    user,
    log: supervisorLog(logger, () => zombies?.lookSoon()),
    maxRunning: config.maxRunning,
    maxLogBytes: config.maxLogBytes,
    startLimits: new StartLimits(limits),
    disk,
    rebuild,
    listing,
    ...ports,
  });
  rebuildIsDone(directory);
  writeDirectoryFormat(directory.path);
  await using _supervisor = { [Symbol.asyncDispose]: () => supervisor.stop(config.onExit) };
  const logFiles = new LogFiles(masks);
  using searches = new LogSearches(masks);
  const openLog = (jobId: number): Promise<JobLogReader> =>
    JobLogReader.open(directory.jobDirectory(jobId), logFiles);
  // All who follow a job come to its end together.
  const outcomes = new CoalescedRead((jobId: JobId) => jobs.outcomeIsKnown(jobId));
  const absences = new CoalescedRead(async (jobId: JobId) => (await jobs.findJob(jobId)) === null);
  const logs: FollowSources = {
    bus,
    openReader: openLog,
    outcomeIsKnown: (jobId) => outcomes.of(jobId),
    isGone: async (jobId) => directory.isBuried(jobId) || (await absences.of(jobId)),
  };
  const watched = {
    clock: systemClock,
    logs,
    errandPlace: (jobId: number) => supervisor.errandPlace(jobId),
  };
  await nextTurn();
  await using serviceSupervisor = await ServiceSupervisor.open({
    store: services.store,
    schedules: new ScheduledRunStore(database.read, database.gate),
    retries: new RetryStore(database.read, database.gate),
    jobs: supervisor,
    secrets,
    clock: systemClock,
    random: Math.random,
    log: serviceLog(logger),
    watch: (...run) => watchRun(watched, ...run),
    disk,
  });
  if (wantedServices !== null) {
    const steps = await applyServices(serviceSupervisor, wantedServices);
    logger.info(
      { file: config.services, services: wantedServices.size, steps },
      'applied the file of services',
    );
  }
  const { maxAuditAgeMs: maxAgeMs, maxAuditEntries: maxEntries } = config.retention;
  await using retention = new Retention({
    store: retained,
    remove: (jobIds) => supervisor.removal.remove(jobIds),
    measure: (jobId) => allocatedBytes(directory.jobDirectory(jobId).path),
    rules: () => retentionRules(config.retention, disk.state.totalBytes),
    services: () => retainedServices(serviceSupervisor),
    trimAudit: (nowMs) => auditRecords.trim({ maxAgeMs, maxEntries }, nowMs),
    clock: systemClock,
    log: retentionLog(logger),
  });
  using _retained = supervisor.changes.listen(() => {
    retention.poke();
  });
  using tokens = await ApiTokens.open(new ApiTokenStore(database.read, database.gate));
  using loopDelay = warnOfLateness(logger);
  await nextTurn();
  const http = createHttpServer({
    services: {
      read: database.read,
      jobs,
      supervisor,
      serviceSupervisor,
      tokens,
      audit,
      bus,
      streams: createStreamPlaces(limits),
      follow: (request) => follow(logs, request),
      openLog,
      searchLog: (jobId, ...search) => searches.search(directory.jobDirectory(jobId), ...search),
      jobDirectory: (jobId) => directory.jobDirectory(jobId),
      masks,
      version,
      startedAtMs,
      limits,
      loopDelay,
      containment: containment.means,
      retention,
      disk,
    },
    sessionRecords: new SessionStore(database.read, database.gate),
    tokens,
    config: { ...config, token, tls, trustedProxies },
    logger,
  });
  await using _http = { [Symbol.asyncDispose]: () => http.close({ deadlineMs: HTTP_CLOSE_LIMIT_MS }) };
  await nextTurn();
  const { url, urls } = await listen(http, config);
  using _pointer = leaveServerPointer(
    {
      url,
      socketPath: config.socketPath,
      dataDirectory: directory.path,
      tokenFile: config.token === null ? config.tokenFile : null,
      certificate: tls === null ? null : fingerprintOf(tls),
    },
    process.env,
    (err) => logger.warn({ err }, 'left no pointer for the command line to find'),
  );
  warnOfExposure(logger, config, user);
  process.stdout.write(urls.map((address) => `Lifeline is ready at ${address}\n`).join(''));
  // To a person alone: what goes to a file or a journal is read by others, and later. A browser cannot open a socket.
  if (process.stdout.isTTY && config.port !== null) process.stdout.write(`Open ${http.ticketUrl(url)}\n`);

  retention.start();
  using _unitCheck = warnOfEndingUnit(logger, config);

  const signal = await stopRequested;
  supervisor.refuseWork();
  const gracePeriodMs = config.onExit === 'cancel' ? await jobs.longestGracePeriodMs() : 0;
  logger.info(
    { signal, activeJobs: supervisor.activeJobs, onExit: config.onExit, gracePeriodMs },
    'stopping',
  );
  deadline.start(gracePeriodMs + STOP_LIMIT_MS, () => {
    logger.error('the stop took too long: exiting at once; jobs go on, and the next start finds them');
  });
  if (config.onExit === 'cancel') await serviceSupervisor.endAtStop();
}

/** @param totalBytes the size of the file system */
function retentionRules(
  { maxAgeMs, maxJobs, maxBytes }: RetentionConfig,
  totalBytes: number,
): RetentionRules {
  const bytes = maxBytes === null ? null : bytesOf(maxBytes, totalBytes);
  return { maxAgeMs, maxJobs, maxBytes: bytes };
}

function* retainedServices({ services }: Pick<ServiceSupervisor, 'services'>) {
  for (const { id, definition } of services.values()) yield { id, retention: definition.retention };
}

function limitsOf(config: Config): ServerLimits {
  const { maxRunning, maxStreams, maxStreamsPerToken, maxStreamAgeMs, maxStallMs } = config;
  const { maxJobsPerToken, maxStartsPerMinute } = config;
  return {
    maxRunning,
    maxStreams,
    maxStreamsPerToken,
    maxStreamAgeMs,
    maxStallMs,
    maxJobsPerToken,
    maxStartsPerMinute,
  };
}

/** The first process of a container is its init, which this server cannot be. The guard stops looking at what that costs. */
function warnOfBeingFirst(logger: Logger): ZombieCount | undefined {
  if (process.pid !== 1) return undefined;
  logger.warn(
    'the server is the first process of its container: start it under an init (docker run --init, or tini --), which reaps what jobs leave behind; all jobs are killed with the container unless --on-exit cancel ends them first',
  );
  return new ZombieCount((zombies) => {
    logger.warn(
      { zombies },
      'jobs have left processes behind that are dead and that nobody reaps: start the server under an init (docker run --init, or tini --)',
    );
  });
}

function warnOfLateness(logger: Logger): LoopDelayWatch {
  return new LoopDelayWatch({
    onBad: (delay) => {
      logger.warn(
        delay,
        'the server comes late to what is due, for a minute now: it has more to do than one core gives; spread the jobs that print most over several servers, or see that they print less',
      );
    },
  });
}

/** Looks, beside everything else, whether the server's own service would end its jobs. The guard stops looking. */
function warnOfEndingUnit(logger: Logger, { onExit }: Config): Disposable {
  const looking = new AbortController();
  if (onExit === 'keep') {
    void findEndingUnit(process.env, looking.signal).then((unit) => {
      if (unit === undefined) return;
      const { name, isUserUnit, killMode } = unit;
      logger.warn(
        { unit: name, isUserUnit, killMode },
        `systemd will end all jobs when it stops or restarts ${name}: put KillMode=process into its [Service] section (systemctl ${isUserUnit ? '--user ' : ''}edit ${name})`,
      );
    });
  }
  return {
    [Symbol.dispose]: () => {
      looking.abort();
    },
  };
}

async function listen(http: LifelineHttpServer, config: Config): ReturnType<LifelineHttpServer['listen']> {
  try {
    return await http.listen();
  } catch (error) {
    if (error instanceof NotLoopbackError) {
      throw new StartupError(
        `--auth off is refused: ${config.host} is no loopback address here. Listen on 127.0.0.1.`,
        {
          cause: error,
        },
      );
    }
    if (error instanceof SocketPathError) throw new StartupError(error.message, { cause: error });
    const {
      code = 'unknown error',
      syscall,
      address,
    } = error as NodeJS.ErrnoException & { address?: string };
    if (config.socketPath !== null && address === config.socketPath) {
      throw new StartupError(
        `Lifeline cannot listen on the socket ${config.socketPath} (${code}). Name another one with --socket, in a directory that is there and writable.`,
        { cause: error },
      );
    }
    if (syscall === 'getaddrinfo') {
      throw new StartupError(
        `Lifeline cannot listen on ${config.host} (${code}): this machine knows no such address. Name another one with --host.`,
        { cause: error },
      );
    }
    throw new StartupError(
      `Lifeline cannot listen on ${config.host} port ${String(config.port)} (${code}). Name another one with --port, or 0 for a free one.`,
      { cause: error },
    );
  }
}

/** Resolves at the first signal; the second one ends the process at once. */
async function awaitStopSignal(logger: Logger): Promise<string> {
  return new Promise((resolve) => {
    let stopping = false;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (stopping) {
          logger.warn({ signal }, 'second signal: exiting at once; jobs go on');
          // eslint-disable-next-line no-restricted-properties -- the second signal asks for exactly this: no release, at once
          process.exit(1);
        }
        stopping = true;
        resolve(signal);
      });
    }
  });
}

function retentionLog(logger: Logger): RetentionLog {
  return {
    removed: (facts) => {
      logger.info(facts, 'retention removed finished jobs');
    },
    failure: (err) => {
      logger.error({ err }, 'retention could not go on; it is tried again in a minute');
    },
  };
}

/** @param onEnd called after each end of a job */
function serviceLog(logger: Logger): ServiceLog {
  return {
    changed: (service, facts) => {
      logger.info({ service, ...facts }, 'service changed');
    },
    silence: (service, isSilent, sinceMs) => {
      const since = new Date(sinceMs).toISOString();
      if (isSilent) logger.warn({ service, since }, 'the service is silent');
      else logger.info({ service }, 'the service writes again');
    },
    failure: (service, what, error) => {
      logger.error({ service, err: error }, what);
    },
  };
}

function supervisorLog(logger: Logger, onEnd: () => void): SupervisorLog {
  return {
    ended: (jobId, { status, reason, exitCode, signal }) => {
      logger.info({ jobId, status, reason, exitCode, signal }, 'job ended');
      onEnd();
    },
    reconciled: (jobId, verdict, evidence) => {
      logger.info({ jobId, verdict, evidence }, 'reconciled');
    },
    anomaly: (jobId, anomaly) => {
      logger.warn({ jobId, ...anomaly }, 'something is wrong with the log files of a job');
    },
    failure: (jobId, what, error) => {
      logger.error({ jobId, err: error }, what);
    },
  };
}
