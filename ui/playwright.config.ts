import { defineConfig } from '@playwright/test'

/** The program under test; whoever starts it says where it listens. */
const url = process.env['PLIMSOLL_URL']
if (!url) throw new Error('set PLIMSOLL_URL to a running program, such as http://127.0.0.1:7546')

export default defineConfig({
  testDir: 'e2e',
  globalSetup: './e2e/kit/ready.ts',
  workers: 2,
  retries: 0,
  timeout: 45_000,
  reporter: 'list',
  use: {
    baseURL: url,
    viewport: { width: 1280, height: 900 },
    launchOptions: {
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
})
