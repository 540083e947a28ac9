// The documentation: pages without a script, for everyone.
import { inspect, type State, tooWide } from '../barriers.ts';
import { expect, open, test } from '../fixtures.ts';

const at = (path: string): State => ({ name: path, show: async (page) => void (await page.goto(path)) });

const PAGES: State[] = [at('/docs'), at('/docs/trading')];

test('the documentation has no barriers and fits the screen', async ({ page }) => {
  test.setTimeout(120_000);
  await inspect(page, PAGES);
  // The description of every path is too long to look for barriers in all of it.
  expect(await tooWide(page, [...PAGES, at('/api/docs')])).toEqual([]);
});

test('the board leads to the documentation, which leads on and back', async ({ page }) => {
  await open(page, '/');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).getByRole('link', { name: 'Documentation' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Bellwether' })).toBeVisible();
  await page.getByRole('navigation').getByRole('link', { name: 'Metrics' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Metrics' })).toBeVisible();
  await page.getByRole('link', { name: 'Bellwether', exact: true }).click();
  await expect(page).toHaveURL(/\/$/);
});
