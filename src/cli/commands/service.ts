import {
  RestartServiceDocument,
  type ServiceRowFragment,
  ShowServiceDocument,
  StartServiceDocument,
  StopServiceDocument,
} from '../../client/generated/graphql.ts';
import { writeServiceFile } from '../../service-file/write-service-file.ts';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import type { Connection } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { failureOf } from '../failure.ts';
import { harmlessLine, harmlessText } from '../harmless-text.ts';
import { jsonText } from '../json-text.ts';
import { definitionFrom } from '../service-wire.ts';
import { DEFAULT_WAIT_MS } from '../service-waits.ts';
import { styledState } from '../style.ts';

export type ServiceVerb = 'start' | 'stop' | 'restart';

/**
 * `lifeline start`, `stop`, `restart`: asks for it for all of them at once, and says of each how it stands when the server
 * answers; of each that fails, too.
 * @param options.wait milliseconds; 0 does not wait. Default: 30 s
 */
export async function changeServices(
  context: CommandContext,
  verb: ServiceVerb,
  names: readonly string[],
  { wait = DEFAULT_WAIT_MS }: { readonly wait?: number },
): Promise<number> {
  const connection = context.connect();
  const outcomes = await Promise.all(
    names.map(async (name) => {
      try {
        return { name, service: await ask(connection, verb, name, wait) };
      } catch (error) {
        const failure = failureOf(error);
        if (failure === undefined) throw error;
        return { name, failure };
      }
    }),
  );
  for (const { name, service, failure } of outcomes) {
    if (service !== undefined) {
      if (!context.wantsJson) {
        await context.output.write(`${name} is ${styledState(context.output, service.state)}\n`);
      }
    } else if (!context.wantsJson) await context.note(`${name}: ${failure.message}`);
    else {
      const { code, message } = failure;
      await context.errors.write(`${jsonText({ error: { service: name, code, message } })}\n`);
    }
  }
  if (context.wantsJson) await context.printJson(outcomes.flatMap(({ service }) => service ?? []));
  return outcomes.find(({ failure }) => failure !== undefined)?.failure?.exitCode ?? EXIT.OK;
}

async function ask(
  connection: Connection,
  verb: ServiceVerb,
  name: string,
  waitMs: number,
): Promise<ServiceRowFragment> {
  const variables = { name, waitMs };
  const options = { serverWaitsMs: waitMs };
  switch (verb) {
    case 'start':
      return (await connection.execute(StartServiceDocument, variables, options)).startService;
    case 'stop':
      return (await connection.execute(StopServiceDocument, variables, options)).stopService;
    case 'restart':
      return (await connection.execute(RestartServiceDocument, variables, options)).restartService;
  }
}

/** `lifeline service`: how one stands, the newest steps of its life, and its definition as a file would say it. */
export async function showService(context: CommandContext, name: string): Promise<number> {
  const { service } = await context.connect().execute(ShowServiceDocument, { name });
  if (service === null) throw new CliError(`There is no service ${name}.`);
  if (context.wantsJson) {
    await context.printJson(service);
    return EXIT.OK;
  }
  const { state, desired, why, since, version, failures, currentJob, transitions } = service;
  const definition = definitionFrom(service.definition);
  const facts = [
    ['state', `${styledState(context.output, state)} since ${since}`],
    ['why', why === null ? '-' : harmlessLine(why)],
    ['desired', desired],
    ['version', String(version)],
    ['failures', String(failures)],
    ['job', currentJob === null ? '-' : `${currentJob.id} (${currentJob.status})`],
  ];
  const steps = transitions.map(
    ({ at, from, to, why: reason }) =>
      `  ${at}  ${from} → ${to}${reason === null ? '' : `  ${harmlessLine(reason)}`}`,
  );
  const file = writeServiceFile(new Map([[name, { definition, desired }]]));
  const text = [
    ...facts.map(([key = '', value = '']) => `${key.padEnd(9)} ${value}`),
    '',
    'its life, newest first:',
    ...steps,
    '',
    harmlessText(file, { colours: false }).trimEnd(),
  ];
  await context.output.write(`${text.join('\n')}\n`);
  return EXIT.OK;
}
