import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Dependencies,
  findCycle,
  withDependencies,
  withDependents,
} from '../../../src/domain/dependency-plan.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const;
const name = fc.constantFrom(...NAMES);

function plan(edges: readonly (readonly [string, string])[]): Dependencies {
  return new Map(
    NAMES.map((from) => [
      from,
      [...new Set(edges.filter(([of]) => of === from).map(([, to]) => to))].map((service) => ({
        service,
        condition: 'READY' as const,
      })),
    ]),
  );
}

const anyPlan = fc.array(fc.tuple(name, name), { maxLength: 20 }).map(plan);
/** Edges lead from a letter to an earlier one alone. */
const acyclic = fc
  .array(fc.tuple(name, name), { maxLength: 20 })
  .map((edges) => plan(edges.filter(([from, to]) => from > to)));

/** By brute force: all that can be reached. */
function reached(dependencies: Dependencies, from: string): Set<string> {
  const found = new Set<string>();
  for (let grew = true; grew;) {
    grew = false;
    for (const at of [from, ...found])
      for (const { service } of dependencies.get(at) ?? [])
        if (!found.has(service)) {
          found.add(service);
          grew = true;
        }
  }
  return found;
}

describe('the plan of dependencies', () => {
  it('finds a cycle where there is one, and names a real one', () => {
    fc.assert(
      fc.property(anyPlan, name, (dependencies, start) => {
        const cycle = findCycle(dependencies, start);
        expect(cycle !== null).toBe(reached(dependencies, start).has(start));
        if (cycle === null) return;
        expect([cycle[0], cycle.at(-1)]).toEqual([start, start]);
        for (const [at, from] of cycle.slice(0, -1).entries())
          expect(dependencies.get(from)?.map(({ service }) => service)).toContain(cycle[at + 1]);
      }),
    );
  });

  it('starts each behind all that it comes after, and nothing else', () => {
    fc.assert(
      fc.property(acyclic, name, (dependencies, start) => {
        const order = withDependencies(dependencies, [start]);
        expect(new Set(order)).toEqual(new Set([start, ...reached(dependencies, start)]));
        for (const [at, each] of order.entries())
          for (const { service } of dependencies.get(each) ?? [])
            expect(order.indexOf(service)).toBeLessThan(at);
      }),
    );
  });

  it('stops each behind all that come after it', () => {
    fc.assert(
      fc.property(acyclic, fc.array(name, { maxLength: 3 }), (dependencies, stopped) => {
        const order = withDependents(dependencies, stopped);
        for (const each of order)
          for (const [dependent, after] of dependencies)
            if (after.some(({ service }) => service === each))
              expect(order.indexOf(dependent)).toBeLessThan(order.indexOf(each));
      }),
    );
  });
});
