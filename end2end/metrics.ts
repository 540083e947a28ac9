// Metrics as tests send them, and the parts of the pages that show them.
import { MINUTE, type Event, type Page } from './fixtures.ts';

type More = { unit?: string; labels?: Record<string, string> };

/** A metric has a value. */
export const observed = (name: string, value: number, more: More = {}): Event => ({
  type: 'metric.observed',
  data: { name, value, ...more },
});

/** Half an hour of a series, a value at the start of each minute, so that series meet in a step. */
export function course(name: string, value: (minute: number) => number, more: More = {}): Event[] {
  const last = Math.floor(Date.now() / MINUTE);
  const at = (minute: number) => new Date((last - 29 + minute) * MINUTE).toISOString();
  return Array.from({ length: 30 }, (_, i) => ({ ...observed(name, value(i), more), time: at(i) }));
}

/** Latencies of three hosts in two zones, and a metric without labels. */
export const several = (): Event[] => [
  ...course('latency', (i) => 20 + i, { unit: 'ms', labels: { host: 'web-1', zone: 'eu' } }),
  ...course('latency', (i) => 60 + i, { unit: 'ms', labels: { host: 'web-2', zone: 'eu' } }),
  ...course('latency', (i) => 200 - i, { unit: 'ms', labels: { host: 'web-3', zone: 'us' } }),
  ...course('orders', (i) => i, { unit: 'boxes' }),
];

/** The explorer's chart, or that of a tile. */
export const figure = (page: Page, title: string | RegExp) =>
  page.locator('figure.ch').filter({ has: page.locator('figcaption > span:first-child', { hasText: title }) });

/** A pinned chart by its title. */
export const tile = (page: Page, title: string | RegExp) => page.locator('section.pin').filter({ has: page.getByRole('heading', { name: title }) });

/** The address's parameters. */
export const asked = (page: Page) => Object.fromEntries(new URL(page.url()).searchParams);
