import type { ScalarTag, ParseOptions, DocumentOptions, SchemaOptions } from 'yaml';

/**
 * Plain scalars as kubectl reads them, which is neither YAML 1.1 nor 1.2: `yes` is true and 0777 is octal, while `=`,
 * 12:30:45 and 2024-01-01 are texts. Source: resolve() in https://github.com/yaml/go-yaml/blob/v2/resolve.go
 */
const BOOLEANS = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const INTEGER = /^[-+]?(?:0b[01_]+|0o?[0-7_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9][0-9_]*|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/;
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

const TAGS: ScalarTag[] = [
  { default: true, tag: 'tag:yaml.org,2002:null', test: /^(?:~|null|Null|NULL)?$/, resolve: () => null },
  { default: true, tag: 'tag:yaml.org,2002:bool', test: BOOLEANS, resolve: (text) => /^[yto]/i.test(text) && !/^of/i.test(text) },
  {
    default: true,
    tag: 'tag:yaml.org,2002:int',
    test: INTEGER,
    resolve: (text, onError) => {
      const value = integer(text.replaceAll('_', ''));
      if (!Number.isSafeInteger(value)) onError(`${text} is an integer that JSON does not hold exactly; write it as a text, or smaller`);
      return value;
    },
  },
  { default: true, tag: 'tag:yaml.org,2002:float', test: FLOAT, resolve: (text) => Number(text.replaceAll('_', '')) },
  {
    default: true,
    tag: 'tag:yaml.org,2002:float',
    test: NOT_FINITE,
    resolve: (text, onError) => {
      onError(`JSON has no ${text}; put it in quotes if a text is meant`);
      return text;
    },
  },
];

export const MANIFEST_YAML: ParseOptions & DocumentOptions & SchemaOptions = {
  version: '1.2',
  schema: 'failsafe',
  customTags: (tags) => [...tags, ...TAGS],
  merge: true,
  prettyErrors: false,
  logLevel: 'error',
};

function integer(text: string): number {
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/.exec(text) ?? [];
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  return (sign === '-' ? -1 : 1) * Number(octal);
}
