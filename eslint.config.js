import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'proofgrid-runs/'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  { languageOptions: { globals: { process: 'readonly', console: 'readonly' } } },
  {
    rules: {
      'max-lines': ['error', { max: 400, skipBlankLines: false }],
      'no-console': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
);
