/** The go command's own default: https://go.dev/ref/mod#environment-variables */
const DEFAULT_PROXY = 'https://proxy.golang.org,direct';

/** Settings of the go command that say where modules come from and what is verified; a build inherits these and no others. */
export const MODULE_VARIABLES = ['GOPROXY', 'GOSUMDB', 'GONOSUMDB', 'GONOPROXY', 'GOPRIVATE', 'GOINSECURE', 'NETRC'] as const;

/** Module proxies in the order in which the go command asks them, without `direct` and `off`, and without a slash at the end. */
export function moduleProxies(env: NodeJS.ProcessEnv = process.env): string[] {
  return (env['GOPROXY'] || DEFAULT_PROXY)
    .split(/[,|]/)
    .map((word) => word.trim().replace(/\/+$/, ''))
    .filter((word) => /^https?:\/\//.test(word));
}
