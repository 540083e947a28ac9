// What is instrumented already: the real OpenTelemetry SDK sends, and the pages show it.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { card, expect, open, test } from '../fixtures.ts';
import { figure } from '../metrics.ts';

const ROOT = new URL('../../', import.meta.url);
const path = (name: string) => fileURLToPath(new URL(name, ROOT));

test('what the OpenTelemetry SDK exports is shown', async ({ page, board }) => {
  await open(page, '/explore');
  const shop = [path('src/tests/fixtures/otlp/shop.py'), board.url];
  const { stderr } = await promisify(execFile)(path('.tools/venv/bin/python'), shop, { timeout: 30_000 });
  expect(stderr).toBe('');

  // A gauge, on a page that was open already.
  const line = page.locator('table.cards tbody tr').filter({ has: page.getByRole('link', { name: 'basket.value', exact: true }) });
  await expect(line).toContainText('EUR');
  await line.getByRole('link', { name: 'basket.value' }).click();
  await expect(figure(page, 'basket.value, avg')).toBeVisible();
  await expect(page.getByRole('img', { name: /^basket\.value, avg, in EUR; latest 41\.5/ })).toBeVisible();

  // Spans of requests, and a record that is a validation.
  await open(page, '/projects/shop');
  await expect(page.getByRole('row', { name: /^requests/ })).not.toContainText('—');
  await expect(card(page, 'Runs').getByText('passed')).toBeVisible();
});
