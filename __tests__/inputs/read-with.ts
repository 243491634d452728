import { runInProcess } from '../in-process.ts'

/**
 * Reads with these inputs, and the defaults of action.yml for all others.
 * @returns what `read` returned or the message of its error, and what was printed
 */
export async function readWith<Value>(
  read: () => Value,
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
) {
  let value: Value | undefined
  const { error, printed } = await runInProcess(
    async () => {
      value = read()
    },
    inputs,
    env,
  )
  return { value, error, printed }
}
