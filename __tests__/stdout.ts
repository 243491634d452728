import { jest } from '@jest/globals'

/** Runs `act` and returns the lines that it printed. */
export function linesPrintedBy(act: () => unknown): string[] {
  const printed: string[] = []
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0)
  try {
    act()
  } finally {
    spy.mockRestore()
  }
  return printed.join('').split(/\r?\n/).slice(0, -1)
}
