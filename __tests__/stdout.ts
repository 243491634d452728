import { jest } from '@jest/globals'

/** Records what is printed instead of showing it, until `restore`. */
export function recordPrinted() {
  const printed: string[] = []
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0)
  return {
    lines: () => printed.join('').split(/\r?\n/).slice(0, -1),
    restore: () => spy.mockRestore(),
  }
}

/** Runs `act` and returns the lines that it printed. */
export function linesPrintedBy(act: () => unknown): string[] {
  const printed = recordPrinted()
  try {
    act()
  } finally {
    printed.restore()
  }
  return printed.lines()
}
