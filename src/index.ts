import { runMain } from './run.ts'

runMain()
