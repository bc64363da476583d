import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { DocumentError, readDocument } from '../../../lifecycle/document.ts';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { readClusterDeployment } from '../../../lifecycle/read-cluster.ts';
import { jsonSchemaText, type Kind } from '../../matrix/json-schema.ts';
import { loadMatrix } from '../../matrix/load.ts';
import { loadVersions } from '../../matrix/versions/table.ts';
import { readSite } from '../../provider/kubevirt/site.ts';
import type { LintFinding, LintTool, SourceFile } from './tool.ts';
import { isYaml } from './yamllint.ts';

const READERS: Readonly<Record<Kind, (file: string) => Promise<unknown>>> = {
  Matrix: (file) => loadMatrix(file),
  Versions: loadVersions,
  ClusterDeployment: readClusterDeployment,
  Site: readSite,
};
const SCHEMA_FILES: Readonly<Record<string, Kind>> = {
  'schema/matrix.schema.json': 'Matrix',
  'schema/versions.schema.json': 'Versions',
  'schema/cluster-deployment.schema.json': 'ClusterDeployment',
  'schema/site.schema.json': 'Site',
};
/** Folders whose every YAML file is a document of ours: a kind without a reader is a mistake there. */
const DOCUMENT_FOLDERS = /^(?:matrix|vm-templates\/sites)\//;
const NAMES_SCHEMA = /^# yaml-language-server: \$schema=\S+\.schema\.json\s*$/;

export const documents: LintTool = {
  name: 'documents',
  select: (files) => files.filter(isDocument).map(({ path: name }) => name),
  async run(root, files, signal) {
    signal.throwIfAborted();
    const findings = await Promise.all(files.map((file) => (file in SCHEMA_FILES ? judgeSchema(root, file) : judgeDocument(root, file))));
    return findings.flat();
  },
};

function isDocument({ path: name, firstLine }: SourceFile): boolean {
  if (name in SCHEMA_FILES) return true;
  return isYaml(name) && (DOCUMENT_FOLDERS.test(name) || NAMES_SCHEMA.test(firstLine));
}

async function judgeDocument(root: string, file: string): Promise<LintFinding[]> {
  const absolute = path.join(root, file);
  const [firstLine = ''] = (await readFile(absolute, 'utf8')).split('\n');
  const unnamed = NAMES_SCHEMA.test(firstLine) ? [] : [finding(file, 'SCHEMA_NOT_NAMED', 'the first line has to name the JSON Schema, so that editors complete: # yaml-language-server: $schema=…')];
  try {
    const kinds = Object.keys(READERS) as [Kind, ...Kind[]];
    const { value } = await readDocument(absolute, z.looseObject({ kind: z.enum(kinds) }));
    await READERS[value.kind](absolute);
    return unnamed;
  } catch (error) {
    if (error instanceof DocumentError) return [...unnamed, ...error.problems.map((problem) => fromProblem(root, file, problem))];
    if (error instanceof ProofgridError && error.fault === 'usage') return [...unnamed, fromProblem(root, file, error)];
    throw error;
  }
}

async function judgeSchema(root: string, file: string): Promise<LintFinding[]> {
  const kind = SCHEMA_FILES[file];
  const text = await readFile(path.join(root, file), 'utf8');
  if (kind === undefined || text === jsonSchemaText(kind)) return [];
  return [finding(file, 'SCHEMA_OUTDATED', `is not what the code says: write it again with \`proofgrid schema --kind ${kind} > ${file}\``)];
}

function fromProblem(root: string, file: string, { code, what, where }: ProofgridError): LintFinding {
  if (where === undefined) return finding(file, code, what);
  return { ...finding(path.relative(root, path.resolve(where.file)), code, what), line: where.line, column: where.column };
}

function finding(file: string, rule: string, message: string): LintFinding {
  return { tool: 'documents', rule, message, file, line: 1, column: 1 };
}
