export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  // Most tests start a process or two, which takes the runners of Windows and macOS a second each.
  testTimeout: 30_000,
  testMatch: ['**/__tests__/**/*.test.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
}
