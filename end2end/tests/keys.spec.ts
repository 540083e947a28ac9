// The board by keyboard alone.
import { expect, fleet, open, test } from '../fixtures.ts';

test('g and a letter go to a page', async ({ page }) => {
  await open(page, '/');
  const here = page.getByRole('heading', { level: 1 });
  for (const [key, path, name] of [
    ['p', '/projects', 'Projects'],
    ['w', '/work', 'Work'],
    ['s', '/system', 'System'],
    ['o', '/', 'Overview'],
  ] as const) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await expect(here).toHaveText(name);
    expect(new URL(page.url()).pathname).toBe(path);
    const link = page.getByRole('navigation').getByRole('link', { name, exact: false }).last();
    await expect(link).toHaveAttribute('aria-current', 'page');
  }
});

test('the list of keys opens and closes', async ({ page }) => {
  await open(page, '/');
  const help = page.getByRole('dialog', { name: 'Keys' });
  await expect(help).toBeHidden();
  await page.keyboard.press('?');
  await expect(help).toBeVisible();
  await expect(help).toContainText('Go to projects');
  await page.keyboard.press('Escape');
  await expect(help).toBeHidden();
  await page.keyboard.press('?');
  await expect(help, 'it opens a second time').toBeVisible();
  await page.mouse.click(5, 5);
  await expect(help).toBeHidden();
  await page.getByRole('button', { name: 'Keys' }).click();
  await expect(help).toBeVisible();
});

test('the palette finds a project and goes there', async ({ page, board }) => {
  await board.send(...fleet());
  await open(page, '/');
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Search' });
  const field = palette.getByRole('combobox');
  await expect(field).toBeFocused();
  await page.keyboard.type('wareh');
  await expect(palette.getByRole('option')).toHaveCount(1);
  await expect(palette.getByRole('option').first()).toContainText('warehouse');
  await expect(palette.getByRole('option').first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(palette).toBeHidden();
  await expect(page).toHaveURL(/\/projects\/warehouse$/);
  await expect(page.locator('.heading strong')).toHaveText('warehouse');

  await page.keyboard.press('Control+k');
  await expect(field).toBeFocused();
  await expect(field, 'it begins empty').toHaveValue('');
  // Projects come a little later, and which option is the last is known only then.
  await expect(palette.getByRole('option', { name: /checkout/ })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await expect(palette.getByRole('option').nth(1)).toHaveAttribute('aria-selected', 'true');
  await expect(field).toHaveAttribute('aria-activedescendant', 'palette-1');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await expect(palette.getByRole('option').last()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Escape');
  await expect(palette).toBeHidden();

  await page.getByRole('button', { name: /Search/ }).click();
  await page.keyboard.type('system');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/system$/);
});

test('a theme is kept', async ({ page }) => {
  await open(page, '/');
  const root = page.locator('html');
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.keyboard.press('t');
  await expect(root).toHaveAttribute('data-theme', 'dark');
  const dark = await ground();
  expect(dark).not.toBe(light);
  await page.reload();
  await expect(root).toHaveAttribute('data-theme', 'dark');
  expect(await ground()).toBe(dark);
  await expect(page.locator('.conn')).toHaveText('Live');
  await page.getByRole('button', { name: 'Switch between light and dark' }).click();
  await expect(root).toHaveAttribute('data-theme', 'light');
  await page.reload();
  expect(await ground()).toBe(light);
});

test('j and k walk over the rows, and Enter opens one', async ({ page, board }) => {
  await board.send(...fleet());
  await open(page, '/projects?sort=name');
  await expect(page.locator('.count')).toHaveText('7 projects');
  const link = (i: number) => page.locator('[data-row-link]').nth(i);
  await page.keyboard.press('j');
  await expect(link(0)).toBeFocused();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await expect(link(2)).toBeFocused();
  await page.keyboard.press('k');
  await expect(link(1)).toBeFocused();
  const outline = await link(1).evaluate((a) => getComputedStyle(a).outlineStyle);
  expect(outline, 'the focus can be seen').toBe('solid');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/projects\/billing$/);
});

test('letters typed into a field are letters', async ({ page, board }) => {
  await board.send(...fleet());
  await open(page, '/projects');
  await page.keyboard.press('/');
  await page.keyboard.type('gp?t');
  await expect(page.getByRole('searchbox')).toHaveValue('gp?t');
  await expect(page).toHaveURL(/\/projects\?q=/);
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeHidden();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('searchbox')).not.toBeFocused();
});

test('the first Tab skips to the content, and every stop can be seen', async ({ page, board }) => {
  await board.send(...fleet());
  await open(page, '/');
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to content' });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page.locator('main')).toBeFocused();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);

  await page.reload();
  await expect(page.locator('.conn')).toHaveText('Live');
  for (let i = 0; i < 25; i += 1) {
    await page.keyboard.press('Tab');
    const seen = await page.evaluate(() => {
      const element = document.activeElement!;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return { what: element.outerHTML.slice(0, 80), outlineStyle, outlineWidth };
    });
    if (seen.what.startsWith('<body')) break;
    expect(seen.outlineStyle, seen.what).not.toBe('none');
    expect(parseFloat(seen.outlineWidth), seen.what).toBeGreaterThanOrEqual(1);
  }
});
