import type { AddressInfo, Server, Socket } from 'node:net'

/**
 * Lets a server listen on a free loopback port. Disposing it closes its connections. A server that a failing test
 * leaves open does not keep the process from exiting.
 */
export async function listen(server: Server): Promise<{ port: number } & AsyncDisposable> {
  const sockets = new Set<Socket>()
  server.unref().on('connection', (socket) => {
    sockets.add(socket.unref())
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
