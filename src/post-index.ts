// Read without core.getState, because loading the toolkit takes longer than starting Node.js.
const { STATE_revocation: state } = process.env

if (state) import('./run.ts').then(({ runPost }) => runPost(state))
