import { defineConfig } from '@playwright/test';

// Debian's Chromium, because a browser from npm would be a download from elsewhere.
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  fullyParallel: true,
  workers: 2,
  // A test that passes only the second time has found something.
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    launchOptions: {
      executablePath: process.env.BELLWETHER_CHROMIUM ?? '/usr/bin/chromium',
      args,
    },
    viewport: { width: 1440, height: 900 },
    colorScheme: 'light',
    locale: 'en-GB',
    timezoneId: 'UTC',
    // Recording slows every test down; it is for looking into one that fails.
    trace: process.env.TRACE ? 'retain-on-failure' : 'off',
  },
});
