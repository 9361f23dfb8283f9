import {
  DefinedServicesDocument,
  DeleteServiceDocument,
  RestartServiceDocument,
  SaveServiceDocument,
  StartServiceDocument,
  StopServiceDocument,
} from '../../client/generated/graphql.ts';
import { isSecretPath } from '../../service-file/difference.ts';
import {
  isDisruptive,
  planOf,
  type CurrentService,
  type Plan,
  type PlanStep,
} from '../../service-file/plan.ts';
import type { WantedService } from '../../service-file/read-service-file.ts';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { canAsk, confirm } from '../confirm.ts';
import type { Connection } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { planText } from '../print-plan.ts';
import { readGivenFile, servicesIn } from '../read-services.ts';
import { definitionFrom, saveInputFor } from '../service-wire.ts';
import { LONGEST_WAIT_MS, DEFAULT_WAIT_MS } from '../service-waits.ts';

export interface ApplyOptions {
  /** Path of the file; `-` for standard input. */
  readonly file: string;
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly yes?: boolean;
  /** False: definitions are saved, and nothing is started or stopped. */
  readonly start: boolean;
  /** False: what runs and has changed goes on as it was. */
  readonly restart: boolean;
  /** Milliseconds to wait until what is started is up; true: 30 s. */
  readonly wait?: number | true;
}

/** `lifeline apply`: shows the difference between a file and the server, then makes the server as the file wants it. */
export async function apply(context: CommandContext, options: ApplyOptions): Promise<number> {
  const file = await readGivenFile(options.file, context.directory);
  const connection = context.connect();
  const wanted = servicesIn(file, connection.isLocal);
  const { current, versions } = await currentServices(connection);
  const plan = planOf(current, wanted, {
    prune: options.prune ?? false,
    start: options.start,
    restart: options.restart,
  });
  const { output, wantsJson } = context;
  if (!wantsJson) await output.write(planText(output, plan));
  if (options.dryRun === true || plan.steps.length === 0) {
    if (wantsJson) await context.printJson(planDocument(plan, false));
    else if (plan.steps.length === 0) await output.write('nothing to do\n');
    return EXIT.OK;
  }
  if (isDisruptive(plan) && options.yes !== true) {
    if (!canAsk(context)) {
      throw new CliError(
        'This ends or restarts what runs, and nobody can be asked. Say --yes, or look with --dry-run.',
      );
    }
    if (!(await confirm('Do this?'))) throw new CliError('Nothing was done.');
  }
  const { wait = 0 } = options;
  await carryOut(context, connection, plan, {
    wanted,
    versions,
    waitMs: wait === true ? DEFAULT_WAIT_MS : wait,
  });
  if (wantsJson) await context.printJson(planDocument(plan, true));
  return EXIT.OK;
}

async function currentServices(connection: Connection) {
  const { services } = await connection.execute(DefinedServicesDocument, {});
  const current = new Map(
    services.map(({ name, desired, state, definition }): [string, CurrentService] => [
      name,
      { desired, state, definition: definitionFrom(definition) },
    ]),
  );
  return { current, versions: new Map(services.map(({ name, version }) => [name, version])) };
}

interface Wanted {
  readonly wanted: ReadonlyMap<string, WantedService>;
  /** Of the services that the server has. */
  readonly versions: ReadonlyMap<string, number>;
  readonly waitMs: number;
}

/** Step by step, so that a second apply goes on where one was cut off; what is waited for, side by side. */
async function carryOut(
  context: CommandContext,
  connection: Connection,
  { steps }: Plan,
  { wanted, versions, waitMs }: Wanted,
): Promise<void> {
  const say = async ({ name }: PlanStep, done: string): Promise<void> => {
    if (!context.wantsJson) await context.output.write(`${name}: ${done}\n`);
  };
  const isWaitedFor = ({ kind }: PlanStep): boolean => waitMs > 0 && (kind === 'START' || kind === 'RESTART');
  // Whether a secret is another one only the server knows: it makes no version where nothing is.
  const unchanged = new Set<string>();
  const isNeeded = ({ kind, name }: PlanStep): boolean => kind !== 'RESTART' || !unchanged.has(name);
  for (const step of steps.filter((each) => !isWaitedFor(each))) {
    if (!isNeeded(step)) continue;
    const version = versions.get(step.name);
    const done = await perform(connection, step, wanted);
    if (step.kind === 'SAVE' && done === savedAs(version)) unchanged.add(step.name);
    await say(step, unchanged.has(step.name) ? 'as it was' : done);
  }
  const outcomes = await Promise.allSettled(
    steps
      .filter((step) => isWaitedFor(step) && isNeeded(step))
      .map(async (step) => say(step, await startAndWait(connection, step, waitMs))),
  );
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

function savedAs(version: number | undefined): string {
  return `saved, version ${String(version)}`;
}

async function startAndWait(
  connection: Connection,
  { kind, name }: PlanStep,
  waitMs: number,
): Promise<string> {
  const variables = { name, waitMs };
  const options = { serverWaitsMs: waitMs };
  if (kind === 'RESTART') {
    return (await connection.execute(RestartServiceDocument, variables, options)).restartService.state;
  }
  return (await connection.execute(StartServiceDocument, variables, options)).startService.state;
}

async function perform(
  connection: Connection,
  { kind, name }: PlanStep,
  wanted: ReadonlyMap<string, WantedService>,
): Promise<string> {
  switch (kind) {
    case 'SAVE': {
      const definition = wanted.get(name)?.definition;
      if (definition === undefined) throw new Error(`${name} is not in the file`);
      const input = saveInputFor(name, definition);
      const { saveService } = await connection.execute(SaveServiceDocument, { input });
      return savedAs(saveService.version);
    }
    case 'START':
      await connection.execute(StartServiceDocument, { name, waitMs: 0 });
      return 'starting';
    case 'RESTART':
      await connection.execute(RestartServiceDocument, { name, waitMs: 0 });
      return 'restarting';
    case 'STOP':
      await connection.execute(StopServiceDocument, { name, waitMs: 0 });
      return 'stopping';
    case 'DELETE': {
      const waitMs = LONGEST_WAIT_MS;
      await connection.execute(DeleteServiceDocument, { name, waitMs }, { serverWaitsMs: waitMs });
      return 'removed';
    }
  }
}

/** For programs. A value that should not be shown is left out of it, too. */
function planDocument({ changes, steps, left, kept }: Plan, applied: boolean): unknown {
  return {
    applied,
    changes: changes.map(({ name, change, fields }) => ({
      name,
      change,
      fields: fields.map(({ path, from, to }) =>
        isSecretPath(path) ? { path, secret: true } : { path, from: from ?? null, to: to ?? null },
      ),
    })),
    steps,
    left,
    kept,
  };
}
