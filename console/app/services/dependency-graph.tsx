import { useMemo } from 'react';
import type { ServiceEntryFragment } from '../generated/graphql.ts';
import { inWords, toneOfService } from '../ui/status.tsx';
import { type GraphNode, placeDependencies } from './dependency-layout.ts';

/** A picture of what waits for what. Loaded only where there is something to draw. */
export default function DependencyGraph({
  services,
}: {
  readonly services: readonly ServiceEntryFragment[];
}) {
  const { width, height, nodes, edges } = useMemo(() => placeDependencies(services), [services]);
  return (
    <div className="dependency-scroller" role="region" aria-label="Graph of dependencies" tabIndex={0}>
      <svg width={width} height={height} viewBox={`0 0 ${String(width)} ${String(height)}`}>
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="8"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            orient="auto"
          >
            <path d="M0 0 L8 4 L0 8 z" />
          </marker>
        </defs>
        {edges.map(({ from, to, points }) => (
          <polyline
            key={`${from} ${to}`}
            points={points.map(({ x, y }) => `${String(x)},${String(y)}`).join(' ')}
            markerEnd="url(#arrow)"
          />
        ))}
        {nodes.map((node) => (
          <ServiceNode key={node.name} node={node} />
        ))}
      </svg>
    </div>
  );
}

function ServiceNode({ node: { name, service, x, y, width, height } }: { readonly node: GraphNode }) {
  const state = service === undefined ? 'not defined' : inWords(service.state);
  const left = x - width / 2;
  const shape = (
    <>
      <title>{`${name}: ${state}`}</title>
      <rect x={left} y={y - height / 2} width={width} height={height} rx="8" />
      <circle cx={left + 14} cy={y} r="4" />
      <text x={left + 25} y={y} dominantBaseline="central">
        {name}
      </text>
    </>
  );
  if (service === undefined) return <g className="calm">{shape}</g>;
  return (
    <a href={`#service-${name}`} className={toneOfService(service.state)} aria-label={`${name}: ${state}`}>
      {shape}
    </a>
  );
}
