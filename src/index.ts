// The runner registers the post step before main begins and starts this same file for it, with what main saved in its
// environment. It is read without core.getState: to load the toolkit takes more than half as long as to start Node.
const { STATE_isPost: isPost, STATE_revocation: revocation } = process.env
// Into this same file (a file of its own would cost main more), but evaluated only when it is called.
const load = () => import(/* webpackMode: "eager" */ './run.ts')

if (!isPost) load().then(({ runMain }) => runMain())
else if (revocation) load().then(({ runPost }) => runPost(revocation))
