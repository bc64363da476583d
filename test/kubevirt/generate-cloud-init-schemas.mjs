/**
 * Writes test/kubevirt/cloud-init/schema-VERSION.json: of cloud-init's own schema, which its packages carry, the modules whose
 * keys our user-data has, without their descriptions. Any other key fails.
 *
 *   node test/kubevirt/generate-cloud-init-schemas.mjs VERSION .../cloudinit/config/schemas/schema-cloud-config-v1.json
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const KEYS = [
  'hostname', 'preserve_hostname', 'manage_etc_hosts', 'locale', 'package_update', 'package_upgrade', 'users', 'disable_root', 'ssh_pwauth', 'ssh_authorized_keys',
  'ssh_deletekeys', 'ssh_genkeytypes', 'ssh_keys', 'ssh', 'no_ssh_fingerprints', 'fs_setup', 'mounts',
];
const PROSE = new Set(['description', 'label', 'markdownDescription', 'meta:enum', 'deprecated_description', 'changed_description', 'new_description']);

const [version, file] = process.argv.slice(2);
if (version === undefined || file === undefined) throw new Error('name the version and the schema');
const { $defs } = JSON.parse(readFileSync(file, 'utf8'));

const wanted = new Set();
const want = (name) => {
  if (wanted.has(name)) return;
  wanted.add(name);
  for (const [, other] of JSON.stringify($defs[name]).matchAll(/"#\/\$defs\/([^"]+)"/g)) want(other);
};
const modules = Object.keys($defs).filter((name) => name.startsWith('cc_') && Object.keys($defs[name].properties ?? {}).some((key) => KEYS.includes(key)));
modules.forEach(want);

const bare = (value) => {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  // zod takes no `required` without the type and the properties that it is about
  const alone = value.required !== undefined && value.properties === undefined;
  if (alone) return { type: 'object', required: value.required, properties: Object.fromEntries(value.required.map((name) => [name, { type: 'string' }])) };
  // prose is text: a property may have such a name
  return Object.fromEntries(Object.entries(value).filter(([key, inner]) => !(PROSE.has(key) && typeof inner === 'string')).map(([key, inner]) => [key, bare(inner)]));
};
// draft-04 has definitions; $defs came later, and zod reads each draft by its own words
const schema = {
  $schema: 'http://json-schema.org/draft-04/schema#',
  definitions: Object.fromEntries([...wanted].map((name) => [name, bare($defs[name])])),
  allOf: modules.map((name) => ({ $ref: `#/definitions/${name}` })),
};
const known = new Set(modules.flatMap((name) => Object.keys($defs[name].properties)));
const unknown = KEYS.filter((key) => !known.has(key));
if (unknown.length > 0) throw new Error(`no module of cloud-init ${version} knows ${unknown.join(', ')}`);
writeFileSync(path.join(import.meta.dirname, `cloud-init/schema-${version}.json`), `${JSON.stringify(schema, null, 1).replaceAll('"#/$defs/', '"#/definitions/')}\n`);
