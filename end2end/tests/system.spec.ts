// Hosts, their history, and the server's own insides.
import { card, expect, MINUTE, open, type Page, sampled, test } from '../fixtures.ts';

const chart = (page: Page, title: string) =>
  page.locator('figure.ch').filter({ has: page.locator('figcaption > span:first-child', { hasText: title }) });
const host = (page: Page, name: string) => page.locator('a.host', { hasText: name });

/** An hour of a host, a sample a minute: a line where a step is a minute or longer. */
const hour = (name: string, cpu: (minute: number) => number) =>
  Array.from({ length: 60 }, (_, i) =>
    sampled(name, { ago: (60 - i) * MINUTE, cpu: cpu(i), memory: 30, load: 2, rx: i * 60_000 }),
  );

test.describe('with the sampler on', () => {
  test.use({ sampler: true });

  test('this machine moves', async ({ page }) => {
    await open(page, '/system');
    const here = host(page, 'this machine');
    await expect(here).toBeVisible();
    await expect(here).toContainText(/CPU\s*\d+.%/);
    await expect(here).toContainText(/Memory\s*\d+.%/);
    await expect(here).toHaveAttribute('aria-current', 'true');
    const line = here.locator('.ch-line');
    await expect(line).toHaveAttribute('d', /L/);
    for (let i = 0; i < 2; i += 1) {
      const before = await line.getAttribute('d');
      await expect(line).not.toHaveAttribute('d', before ?? '');
    }
    await expect(here.locator('.foot')).toHaveText(/^sampled \d\.\d.s ago, usually every \d/);

    await page.goto('/system?window=15m');
    const drawn = chart(page, 'CPU').locator('.ch-series').first().locator('.ch-line, .ch-dots');
    await expect.poll(async () => (await drawn.evaluateAll((all) => all.map((p) => p.getAttribute('d')))).join('')).toMatch(/^M/);
    await page.getByRole('link', { name: 'Overview', exact: true }).click();
    await expect(card(page, /^System/).locator('.big')).toContainText('%');
  });
});

test('hosts come in, and the one that is chosen is drawn', async ({ page, board }) => {
  await open(page, '/system');
  await expect(page.getByText('No host has reported yet')).toBeVisible();
  await board.send(...hour('build-01', () => 25), sampled('build-01', { cpu: 25 }));
  await expect(host(page, 'build-01')).toContainText(/CPU\s*25.%/);
  await expect(page.getByText('No host has reported yet')).toBeHidden();
  await expect(card(page, 'History of build-01')).toBeVisible();

  await board.send(...hour('build-02', (i) => (i % 2 ? 80 : 60)), sampled('build-02', { cpu: 71 }));
  await expect(host(page, 'build-02')).toContainText(/CPU\s*71.%/);
  await host(page, 'build-02').click();
  await expect(page).toHaveURL(/\?host=build-02$/);
  await expect(host(page, 'build-02')).toHaveAttribute('aria-current', 'true');
  await expect(card(page, 'History of build-02')).toBeVisible();
  await expect(card(page, 'History of build-01')).toHaveCount(0);

  await page.getByRole('link', { name: '6h', exact: true }).click();
  await expect(page, 'the host stays chosen').toHaveURL(/host=build-02/);
  await expect(card(page, 'History of build-02')).toBeVisible();
  for (const title of ['CPU', 'Memory and disk', 'Load, 1 min', 'Network']) {
    const line = chart(page, title).locator('.ch-series').first().locator('.ch-line');
    await expect(line, title).toHaveAttribute('d', /^M.*L/);
  }
  await expect(page.getByRole('img', { name: /^CPU; mean latest [67]\d/ })).toBeVisible();
});

test('a series can be switched off, and the axis follows', async ({ page, board }) => {
  await board.send(...hour('build-01', (i) => 10 + i), sampled('build-01', { cpu: 70 }));
  await open(page, '/system?host=build-01&window=6h');
  const memory = chart(page, 'Memory and disk');
  const key = memory.getByRole('button', { name: /^disk/ });
  const line = memory.locator('.ch-series').nth(1).locator('.ch-line');
  await expect(key).toHaveAttribute('aria-pressed', 'true');
  await expect(line).toHaveAttribute('d', /^M/);
  await key.click();
  await expect(key).toHaveAttribute('aria-pressed', 'false');
  await expect(line).toHaveAttribute('d', '');
  await memory.locator('.ch-plot').hover();
  await expect(memory.locator('.ch-readout')).toContainText('memory');
  await expect(memory.locator('.ch-readout')).not.toContainText('disk');
  await key.click();
  await expect(line).toHaveAttribute('d', /^M/);
});

test('a stretch of a host is zoomed into, and the host stays', async ({ page, board }) => {
  await board.send(...hour('build-01', (i) => 10 + i), ...hour('build-02', () => 5), sampled('build-01'));
  await open(page, '/system?host=build-02&window=6h');
  const plot = chart(page, 'CPU').locator('.ch-plot');
  await plot.scrollIntoViewIfNeeded();
  const box = (await plot.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.9, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.97, box.y + 50, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=.*to=/);
  await expect(page).toHaveURL(/host=build-02/);
  await expect(card(page, 'History of build-02')).toBeVisible();
});

test.describe('with the sampler on, whose events they count', () => {
  test.use({ sampler: true });

  test('the server shows its own insides', async ({ page, board }) => {
    await board.send(sampled('build-01'), sampled('build-02'));
    await open(page, '/system');
    const fact = (title: string, word: string) =>
      card(page, title).locator('dt', { hasText: word }).locator('xpath=following-sibling::dd[1]');
    const number = async (title: string, word: string) => Number(await fact(title, word).textContent());
    await expect.poll(() => number('Intake', 'accepted')).toBeGreaterThanOrEqual(2);
    await expect(fact('Intake', 'refused as invalid')).toHaveText('0');
    await expect(fact('Journal', 'on disk')).toHaveText(/^[1-9].*B$/);
    await expect(card(page, 'Feed').locator('.big')).toHaveText(/^1.open sockets/);
    await expect(card(page, 'Process and cache').locator('.big')).toHaveText(/^[1-9]\d*(\.\d)?.MiB resident/);
    await expect(fact('Process and cache', 'threads')).toHaveText(/^[1-9]/);
    const [accepted, position] = [await number('Intake', 'accepted'), await number('Journal', 'position')];
    await board.send(sampled('build-03'));
    await expect.poll(() => number('Intake', 'accepted')).toBeGreaterThan(accepted);
    await expect.poll(() => number('Journal', 'position')).toBeGreaterThan(position);
  });
});
