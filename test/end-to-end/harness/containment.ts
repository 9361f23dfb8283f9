import { LifelineServer } from './lifeline-server.ts';

/** Whether jobs can be held by this means on this machine: the server says so itself when it is asked for it. */
export async function canBeHeldBy(means: string): Promise<boolean> {
  try {
    const server = await LifelineServer.start({ args: ['--containment', means] });
    await server[Symbol.asyncDispose]();
    return true;
  } catch (error) {
    if (String(error).includes('cannot be held by')) return false;
    throw error;
  }
}
