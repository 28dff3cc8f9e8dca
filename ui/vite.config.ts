import { preact } from '@preact/preset-vite'
import { defineConfig } from 'vitest/config'

/** The program the pages talk to while they are being worked on. */
const SERVER = process.env['PLIMSOLL_URL'] ?? 'http://127.0.0.1:7546'

/** The program takes changes from its own pages only; a proxy speaks for those that are being worked on. */
const program = { target: SERVER, changeOrigin: true, headers: { origin: SERVER } }

export default defineConfig({
  // Absolute, so that the pages also work from deep links such as /resources/x.
  base: '/',
  plugins: [preact({ devToolsEnabled: false })],
  build: {
    target: 'es2023',
    // No data: addresses and no inline scripts: the content security policy allows neither.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': program, '/metrics': program, '/-': program } },
  test: { include: ['src/**/*.test.{ts,tsx}'], env: { TZ: 'UTC' } },
})
