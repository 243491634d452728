export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  // Most tests start processes, each of which takes a second on the Windows and macOS runners.
  testTimeout: 30_000,
  testMatch: ['**/__tests__/**/*.test.ts'],
  // Without the file that has only types.
  collectCoverageFrom: ['src/**/*.ts', '!src/oauth/proof.ts'],
  coverageProvider: 'v8',
  coverageReporters: ['text'],
  coverageThreshold: { global: { lines: 100, branches: 100, functions: 100, statements: 100 } },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
}
