import { z } from 'zod';
import { clusterDeploymentSchema } from '../../lifecycle/cluster-deployment.ts';
import { siteSchema } from '../provider/kubevirt/site.ts';
import { matrixSchema } from './schema.ts';
import { versionsSchema } from './versions/schema.ts';

/** Documents that people write, and that editors complete. */
export const KINDS = ['Matrix', 'Versions', 'ClusterDeployment', 'Site'] as const;
export type Kind = (typeof KINDS)[number];

const SCHEMAS = { Matrix: matrixSchema, Versions: versionsSchema, ClusterDeployment: clusterDeploymentSchema, Site: siteSchema } as const;

/** JSON Schema (draft 2020-12) of a document as it is written, before defaults. Ends with a line break. */
export function jsonSchemaText(kind: Kind): string {
  const schema = z.toJSONSchema(SCHEMAS[kind], { io: 'input', target: 'draft-2020-12' });
  return `${JSON.stringify({ title: `Proofgrid ${kind}`, ...schema }, null, 2)}\n`;
}
