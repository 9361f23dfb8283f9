import { Graph, layout } from '@dagrejs/dagre';
import type { ServiceEntryFragment } from '../generated/graphql.ts';

/** Of a letter of the graph's font, at least. */
const LETTER_PX = 7.5;
const NODE_PADDING_PX = 34;
const NODE_HEIGHT_PX = 32;

export interface GraphNode {
  readonly name: string;
  /** Undefined where another service waits for one that is not defined. */
  readonly service: ServiceEntryFragment | undefined;
  /** Of the middle, as those of all points. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface DependencyPicture {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** Places the services that depend on others or are depended on, what comes first at the left. */
export function placeDependencies(services: readonly ServiceEntryFragment[]): DependencyPicture {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 16, ranksep: 48, marginx: 2, marginy: 2 });
  graph.setDefaultEdgeLabel(() => ({}));
  const names = new Set(
    services.flatMap(({ name, definition: { after } }) =>
      after.length === 0 ? [] : [name, ...after.map(({ service }) => service)],
    ),
  );
  for (const name of names) {
    graph.setNode(name, { width: name.length * LETTER_PX + NODE_PADDING_PX, height: NODE_HEIGHT_PX });
  }
  for (const { name, definition } of services) {
    for (const { service } of definition.after) graph.setEdge(service, name);
  }
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const nodes = [...names].map((name) => {
    const place = graph.node(name) as Pick<GraphNode, 'x' | 'y' | 'width' | 'height'>;
    return { ...place, name, service: services.find((service) => service.name === name) };
  });
  const edges = graph.edges().map(({ v, w }) => {
    const { points } = graph.edge(v, w) as Pick<GraphEdge, 'points'>;
    return { from: v, to: w, points };
  });
  return { width, height, nodes, edges };
}
